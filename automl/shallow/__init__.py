"""The shallow side of the contest: baselines of each modality, tuned in one process apart."""

from __future__ import annotations

from automl.shallow.side import ShallowSide

__all__ = ["ShallowSide"]
