"""Time: the clock, the ledger of what was spent, what is kept back, and whose turn it is."""
