"""Requests → answers: plain rows of several requests are predicted together, all others one request after another."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from automl import goals
from automl.errors import AutomlError, BundleError, InputError
from automl.goals.shared.outputs import taken
from automl.goals.shared.rows import as_written
from automl.predict.on_odd import reported
from automl.predict.plain_rows import joined_plainly, read_plainly
from automl.predict.rows import read_compared
from automl.predict.side_model import SideModel
from automl.records import Dataset, Finding, Output
from automl.serve.body import Question, Rows, read_body
from automl.serve.json_values import plain_values
from automl.serve.refusals import Refusal, internal
from automl.serve.warned import warnings_of
from automl.sides.predictors import opened_from

__all__ = ["Answer", "Answering", "refused"]

LOG = logging.getLogger("automl.serve")


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a request gets.

    Attributes:
        status: of HTTP.
        body: JSON.
        n_rows: that were predicted.
        n_warned: warnings in the body.
        headers: further headers.
    """

    status: int
    body: bytes
    n_rows: int = 0
    n_warned: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


def refused(refusal: Refusal) -> Answer:
    """A refusal in words of JSON."""
    words = {"error": {"code": refusal.code, "message": refusal.message}}
    return Answer(refusal.status, json.dumps(words).encode(), headers=refusal.headers)


@dataclass(frozen=True, slots=True, eq=False)
class Answering:
    """Answers requests with one model; for one thread.

    Attributes:
        model: of a side, loaded.
        most_rows: of a request.
    """

    model: SideModel
    most_rows: int

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer a request, in their order; whatever a request holds, the others get theirs."""
        found: list[Answer | None] = [None] * len(questions)
        plain: list[tuple[int, Dataset]] = []
        for place, question in enumerate(questions):
            try:
                self._refuse_verb(question.verb)
                rows = read_body(question, self.model.task, self.most_rows)
                dataset = self._plain(rows)
                if dataset is None:
                    found[place] = self._by_itself(question.verb, rows)
                else:
                    plain.append((place, dataset))
            except Exception as error:
                found[place] = refused(as_refusal(error))
        for place, answer in self._together(questions, plain):
            found[place] = answer
        return [answer if answer is not None else refused(internal()) for answer in found]

    # ---- plain rows

    def _plain(self, rows: Rows) -> Dataset | None:
        """Rows in which nothing is odd; None of others."""
        if rows.future is not None or not getattr(self.model.predictor, "reads_arrays", False):
            return None
        return read_plainly(rows.rows, self.model.task, rows.on_odd)

    def _together(
        self, questions: Sequence[Question], plain: Sequence[tuple[int, Dataset]]
    ) -> list[tuple[int, Answer]]:  # fmt: skip
        """The answers of requests of plain rows, by their place among all."""
        if not plain:
            return []
        try:
            dataset = joined_plainly([own for _, own in plain])
            output = self.model.predictor.output(dataset, np.arange(dataset.n_rows))
            begin, made = 0, []
            for place, own in plain:
                part = output if len(plain) == 1 else taken(output, np.arange(begin, begin + own.n_rows))
                predicted = self._values(questions[place].verb, part)
                made.append((place, _answer(predicted, [], own.n_rows)))
                begin += own.n_rows
            return made
        except Exception as error:
            answer = refused(as_refusal(error))
            return [(place, answer) for place, _ in plain]

    def _values(self, verb: str, output: Output) -> Any:
        """Predictions of rows that were all read, as values of JSON."""
        task = self.model.task
        if verb == "predict_proba":
            shares = output.arrays["probabilities"]
            names = [str(name) for name in as_written(task)]
            if not np.isfinite(shares).all():
                return plain_values(pd.DataFrame(shares, columns=names))
            return [dict(zip(names, row, strict=True)) for row in shares.tolist()]
        return plain_values(goals.named(task).to_frame(output.arrays, task))

    # ---- all other rows

    def _by_itself(self, verb: str, rows: Rows) -> Answer:
        """Rows of any kind, and what is odd about them."""
        model, on_odd = self.model, rows.on_odd
        with opened_from(getattr(model.predictor, "source", "")):
            dataset, compared = read_compared(rows.rows, model.task, model.root, on_odd, rows.future)
        told = _without_files(reported(dataset.findings, on_odd))
        frame = model.predict_proba(dataset) if verb == "predict_proba" else model.predict(dataset)
        return _answer(plain_values(frame), warnings_of(told, compared, dataset), rows.n_rows)

    def _refuse_verb(self, verb: str) -> None:
        """What this model's goal has no answer to.

        Raises:
            Refusal: it has none.
        """
        goal = goals.named(self.model.task)
        if goal.makes_rows:
            raise Refusal(
                422, "verb", "this model generates rows and predicts nothing of given ones: use automl sample"
            )
        if verb == "predict_proba" and not goal.is_classification:
            raise Refusal(422, "verb", f"this model does {goal.name}, which has no classes: use /predict")


def _answer(predicted: Any, warned: Sequence[Mapping[str, Any]], n_rows: int) -> Answer:
    words: dict[str, Any] = {"predictions": predicted, "warnings": list(warned)}
    return Answer(200, json.dumps(words, allow_nan=False).encode(), n_rows, len(warned))


def _without_files(findings: Sequence[Finding]) -> list[Finding]:
    """Findings that name no file: rows of a request are none."""
    return [finding for finding in findings if not finding.files]


def as_refusal(error: Exception) -> Refusal:
    """What a client is told of an error; what may hold a path stays in the log."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, BundleError):
        LOG.warning("rows that the model cannot predict: %s", error)
        return Refusal(422, "rows", "the model cannot predict these rows; hold them against /schema")
    if isinstance(error, InputError):
        return Refusal(422, "rows", str(error))
    if isinstance(error, MemoryError):
        return Refusal(413, "memory", "these rows take more memory than there is; send fewer a request")
    LOG.error("a request failed", exc_info=error if not isinstance(error, AutomlError) else None)
    return internal()
