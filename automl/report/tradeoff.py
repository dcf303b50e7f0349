"""What the analyses found, a line each, for notebooks and terminals."""

from __future__ import annotations

from typing import Any

from automl.records import Outcome
from automl.report import words
from automl.report.sections import shipped

__all__ = ["tradeoff_lines"]

LONGEST = 300


def tradeoff_lines(outcome: Outcome) -> list[str]:
    """A line for each analysis that was made, in their order: what its section says first, else where its table is."""
    sections = {section.name: section for section in shipped()}
    lines = []
    for name in outcome.analyses:
        said = ""
        if name in OWN:
            said = OWN[name](outcome.analyses[name])
        elif name in sections:
            try:
                said = _first(sections[name].collect(outcome) or {})
            except Exception:  # as on the page, a section that fails loses nothing but itself
                said = ""
        label = name.replace("_", " ").capitalize()
        lines.append(f"{label}: {words.shorten(said, LONGEST)}" if said else f"{label}: result.analysis({name!r})")
    return lines


def _first(data: dict[str, Any]) -> str:
    """The first sentence of a section's dict."""
    sentences = data.get("sentences")
    if isinstance(sentences, (list, tuple)) and sentences and isinstance(sentences[0], str):
        return sentences[0]
    return next((data[key] for key in ("sentence", "said", "words") if isinstance(data.get(key), str)), "")


def _metrics(found: Any) -> str:
    if found["disagree"]:
        names = ", ".join(words.metric(name) for name in found["disagree"])
        return f"by {names} the other side is ahead by more than chance."
    return f"none of {len(found['rows'])} says the opposite of {words.metric(found['metric'])} by more than chance."


def _thresholds(found: Any) -> str:
    saved = (found["costs"] or {}).get("saved_by_deep")
    if saved is None or saved["low"] is None:
        return ""
    gain, low, high = words.differences(saved["value"], saved["low"], saved["high"])
    return f"at the chosen thresholds deep saves {gain} a row ({low} to {high})."


def _calibration(found: Any) -> str:
    if found["kind"] != "probabilities":
        return ""
    known = [row for row in found["rows"] if row["by_chance"] is not None]
    off = [row["side"] for row in known if row["miscalibration"] > row["by_chance"]]
    return f"probabilities are off by more than chance: {' and '.join(off) or 'none'}."


def _compute(found: Any) -> str:
    known = [row for row in found["rows"] if row["kwh_a_year"] is not None]
    parts = [f"{row['side']} {words.rough(row['kwh_a_year'])} kWh a year" for row in known]
    return f"estimated {', '.join(parts)}." if parts else ""


def _profile(found: Any) -> str:
    gaps = sum(row["missing"] > 0 for row in found["rows"])
    return f"{words.count(len(found['rows']), 'column')}, {gaps} with missing values."


OWN = {
    "metrics": _metrics, "thresholds": _thresholds, "calibration": _calibration, "compute": _compute,
    "profile": _profile,
}  # fmt: skip
"""How analyses whose sections say more than a sentence are put in one."""
