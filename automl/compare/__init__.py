"""Two finalists on the same test rows: the interval of their difference, the verdict, and what to tell a manager."""

from __future__ import annotations

from automl.compare.verdict import compare

__all__ = ["compare"]
