"""Next steps that several checks advise."""

from __future__ import annotations

from collections.abc import Sequence

from automl.audit.view import quoted
from automl.system.advice import Options, advice

__all__ = ["left_out"]

MOST_NAMED = 5


def left_out(names: Sequence[str], why: str = "") -> tuple[str, Options]:
    """The advice to leave columns out, as a sentence with flags, and as keys of a recipe.

    Args:
        names: of the columns.
        why: a condition, as the beginning of the sentence.
    """
    shown = tuple(names[:MOST_NAMED])
    rest = f", and the other {len(names) - len(shown)} alike" if len(names) > len(shown) else ""
    it = "it" if len(names) == 1 else "them"
    sentence = f"{why} leave {it} out: {advice('drop', shown)}{rest}." if why else (
        f"Leave {quoted(list(names))} out: {advice('drop', shown)}{rest}."
    )  # fmt: skip
    return sentence, (("drop", shown),)
