"""The time budget: the clock, the ledger on disk, the reserve for the conclusion, the allocation to both sides."""
