"""Compares two finalists on the same test rows: the interval of their difference, the verdict, and its sentences."""

from __future__ import annotations

from automl.verdict.rule import compare

__all__ = ["compare"]
