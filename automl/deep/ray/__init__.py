"""Runs trials on several processes or machines through Ray: the session, its workers, the watchdog that ends them."""
