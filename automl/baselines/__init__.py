"""The shallow side of the contest: floors, fast and strong baselines for each modality, tuned in one process apart."""

from __future__ import annotations

from automl.baselines.keeping import Keeping
from automl.baselines.side import ShallowSide

__all__ = ["Keeping", "ShallowSide"]
