"""What a stored model is refused with."""

from __future__ import annotations

__all__ = ["Untrusted"]


class Untrusted(ValueError):
    """A stored model is damaged, too large, or holds what no model of ours does; the sentence fits behind a colon."""
