"""What `watch` returns: new rows, or new steps of series, beside what training held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from automl.predict.watching.drift import Drift
    from automl.predict.watching.expected import Expected
    from automl.predict.watching.instability import Shift

__all__ = ["Watched"]


@dataclass(frozen=True, slots=True)
class Watched:
    """New rows beside training.

    Attributes:
        name: of the new data.
        side: of the model that predicted.
        metric: that decided the contest.
        higher_is_better: of the metric.
        n_rows: new rows that were read.
        n_before: training rows that they are compared with.
        columns: each column, those that differ most first.
        predictions: each prediction, likewise; empty if the model remembers none.
        contest_score: test score in the contest, or None.
        contest_expected: what was expected of those test rows without their target, or None.
        expected: the score to be expected of the new rows, or None.
        why_not: why there is no expected score; "" if there is one.
        score: the score of the new rows, or None if their target is not known.
        n_scored: new rows whose target is known.
        findings: what is odd about the new rows, as sentences.
        failed_on: the conditions that hold, each as a sentence.
        asked: the conditions.
        unit: what scores are counted in, "row"; "window" of a forecast.
        contest_interval: where the test score lies with 95 %, for forecasts; else None.
        steps: for forecasts, mean absolute errors at each step of the horizon, in usual changes of the series: "step",
            "before" (validation and test of the contest), "now" (None without truth).
        coverage: for forecasts, how often intervals held the truth: "level", "share", "n_values"; None if not known.
        usual_change: by target of a single series, in its own unit; else empty.
    """

    name: str
    side: str
    metric: str
    higher_is_better: bool
    n_rows: int
    n_before: int
    columns: tuple[Drift | Shift, ...]
    predictions: tuple[Drift | Shift, ...]
    contest_score: float | None
    contest_expected: float | None
    expected: Expected | None
    why_not: str
    score: float | None
    n_scored: int
    findings: tuple[str, ...]
    failed_on: tuple[str, ...]
    asked: str
    unit: Literal["row", "window"] = "row"
    contest_interval: tuple[float, float] | None = None
    steps: tuple[Mapping[str, float | None], ...] = ()
    coverage: Mapping[str, float] | None = None
    usual_change: Mapping[str, float] = field(default_factory=dict)

    @property
    def drifted(self) -> tuple[str, ...]:
        """Names of the columns that drifted."""
        return tuple(one.name for one in self.columns if one.state == "drifted")

    @property
    def predictions_drifted(self) -> bool:
        """Whether the predictions drifted."""
        return any(one.state == "drifted" for one in self.predictions)

    def __str__(self) -> str:
        from automl.report.watched import lines

        return "\n".join(lines(self.to_dict()))

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON types."""
        made = asdict(self)
        return {**made, "drifted": list(self.drifted), "predictions_drifted": self.predictions_drifted}

    def report(self, path: str | Path) -> Path:
        """Write a page (``.html``, ``.md`` or ``.json``); returns its path.

        Raises:
            FolderError: the file has another ending, or cannot be written.
        """
        from automl.report.watched import write_watched

        return write_watched(self.to_dict(), path)
