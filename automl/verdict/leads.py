"""How a lead on validation rows is said."""

from __future__ import annotations

from automl.metrics.figures import signed
from automl.records import Lead

__all__ = ["lead_words"]


def lead_words(lead: Lead) -> str:
    """Such as "+0.0020 ± 0.0040": a lead on validation rows and its standard error, at the same decimals."""
    gain, *noise = signed(lead.gain, *(() if lead.noise is None else (lead.noise,)))
    return " ± ".join([gain, *(text.lstrip("+") for text in noise)])
