"""What templates for texts share."""

from __future__ import annotations

from collections.abc import Sequence

from automl.records import InputSpec

__all__ = ["TEXT_KINDS", "no_text"]

TEXT_KINDS = ("tokens", "ngrams")
"""The inputs of a text task; a template for texts reads one of them and passes over the others."""


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
