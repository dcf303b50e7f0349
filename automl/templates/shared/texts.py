"""What templates for texts share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from automl.records import Facts, InputSpec

__all__ = ["TEXT_KINDS", "no_text", "short_of"]

TEXT_KINDS = ("tokens", "ngrams", "vectors")
"""The inputs of a text task; a template for texts reads one of them and passes over the others."""
FEW_WORDS = 500_000


def no_text(name: str, specs: Sequence[InputSpec], kind: str = "tokens") -> str | None:
    """Why the template `name` cannot read these inputs; None where they are a text's and one is of the kind it reads.

    Args:
        name: of the template.
        specs: inputs of the network.
        kind: what it reads.
    """
    strangers = sorted({spec.kind for spec in specs if spec.kind not in TEXT_KINDS})
    if strangers or not any(spec.kind == kind for spec in specs):
        found = ", ".join(strangers or sorted({spec.kind for spec in specs})) or "no inputs"
        return f"{name} reads {kind} of texts only; this task has {found}"
    return None


def short_of(prior: float) -> Callable[[Sequence[InputSpec], Facts], float]:
    """A prior for networks that read words one by one: so much for few words, and less the more there are to read.

    Args:
        prior: for at most `FEW_WORDS` words an epoch.
    """

    def of(specs: Sequence[InputSpec], facts: Facts) -> float:
        n_words = max(facts.n_rows, 1) * max((spec.shape[0] for spec in specs if spec.kind == "tokens"), default=1)
        return prior * min(1.0, math.sqrt(FEW_WORDS / n_words))

    return of
