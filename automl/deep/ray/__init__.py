"""Trials on several machines: Ray's session, its workers, and what ends them."""
