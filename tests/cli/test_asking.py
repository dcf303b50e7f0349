"""A doubt about the goal is asked of a person at a terminal, and of nobody else."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer

from automl.cli import contest


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def ratings(tmp_path: Path) -> str:
    drawn = np.random.default_rng(0)
    frame = pd.DataFrame({"size": drawn.normal(size=200), "rating": drawn.integers(1, 6, 200)})
    frame.to_csv(tmp_path / "ratings.csv", index=False)
    return str(tmp_path / "ratings.csv")


@pytest.fixture
def prompts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked; each prompt is answered by "regression"."""
    heard: list[str] = []

    def prompt(text: str, default: str, err: bool) -> str:
        heard.append(f"{text} {default}")
        return "regression"

    monkeypatch.setattr(typer, "prompt", prompt)
    return heard


def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("sys.stderr", Terminal())


def test_a_person_at_a_terminal_is_asked(ratings: str, prompts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch)
    assert contest.asked(ratings, ["rating"], {"source": "automl fit"}) == "regression"
    assert prompts == ["Goal multiclass"]


@pytest.mark.parametrize("flag", ["goal", "quiet", "json", "json_lines", "resume"])
def test_a_flag_that_answers_or_wants_no_talk_is_no_question(
    ratings: str, prompts: list[str], monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    at_a_terminal(monkeypatch)
    assert contest.asked(ratings, ["rating"], {flag: True}) is None
    assert prompts == []


def test_a_pipe_and_a_plain_target_are_no_question(
    ratings: str, prompts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert contest.asked(ratings, ["rating"], {}) is None
    at_a_terminal(monkeypatch)
    assert contest.asked(ratings, ["size"], {}) is None
    assert prompts == []
