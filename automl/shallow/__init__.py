"""The shallow side of a contest: tunes the baselines of a modality, in one worker process."""

from __future__ import annotations

from automl.shallow.side import ShallowSide

__all__ = ["ShallowSide"]
