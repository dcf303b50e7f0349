"""How numbers and words are written on the page, and how any value becomes plain JSON."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from automl import catalog, goals, modalities
from automl.metrics import figures, find
from automl.records import Run, Task
from automl.system import counts
from automl.system.printable import printable

__all__ = [
    "count",
    "differences",
    "direction",
    "duration",
    "few_seeds",
    "mebibytes",
    "metric",
    "model_cell",
    "moment",
    "number",
    "opening",
    "percent",
    "plain",
    "rough",
    "score",
    "scores",
    "sentence",
    "shorten",
    "signed",
    "task_sentence",
    "title",
    "unbroken",
    "visible",
]

NOTHING = "–"

ENOUGH_SEEDS = 3
ITEMS = {"rows": "rows", "text": "texts", "images": "pictures", "sounds": "sounds", "series": "series"}
"""What is generated, by what items of a modality are."""
"""With fewer seeds a side, the headline says how many there are."""


def plain(value: Any) -> Any:
    """The value in JSON's own types: NaN and infinities become None, keys strings, and other objects their text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value) if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return [plain(item) for item in sorted(value, key=str)]
    if isinstance(value, (datetime.date, datetime.time)):
        return None if value != value else value.isoformat()
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        if str(value.dtype).startswith(("datetime64", "timedelta64")):
            return timed(value.astype(str).tolist())
        return plain(value.tolist())
    if str(value) in ("NaT", "<NA>"):
        return None
    return str(value).encode("utf-8", "replace").decode("utf-8")


def timed(texts: Any) -> Any:
    """Times as text, with None for a missing one."""
    if isinstance(texts, list):
        return [timed(text) for text in texts]
    return None if texts == "NaT" else texts


def number(value: Any, digits: int = 4) -> str:
    """A number for reading: about four significant digits, thousands parted by commas, a real minus sign."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return f"{int(value):,}".replace("-", "−")
    size = abs(float(value))
    if size >= 1e9 or size < 1e-4:
        return f"{value:.3g}".replace("-", "−")
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    return f"{value:,.{min(decimals, 6)}f}".replace("-", "−")


def score(value: Any) -> str:
    """A metric's value, as `metrics.figures` writes it."""
    return NOTHING if value is None or not math.isfinite(value) else figures.figure(float(value))


def scores(*values: Any) -> list[str]:
    """Values of a metric that stand beside each other, as `metrics.figures` writes them."""
    texts = figures.figures(*(math.nan if value is None else float(value) for value in values))
    return [NOTHING if text == figures.NO_SCORE else text for text in texts]


def signed(value: Any) -> str:
    """A difference of scores with its sign."""
    return differences(value)[0]


def differences(*values: Any) -> list[str]:
    """Differences of scores that stand beside each other, such as a gain and its interval, with their signs."""
    texts = figures.signed(*(math.nan if value is None else float(value) for value in values))
    return [NOTHING if text == figures.NO_SCORE else text for text in texts]


def rough(value: Any, digits: int = 3) -> str:
    """A number at no more than so many significant digits, without trailing zeros."""
    text = number(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def count(value: Any, noun: str, plural: str | None = None) -> str:
    """A count with its noun: ``1 row``, ``1,250 rows``."""
    return f"{number(int(value))} {counts.noun(int(value), noun, plural)}"


def percent(value: Any) -> str:
    """A share of one as a percentage."""
    if value is None or not math.isfinite(value):
        return NOTHING
    whole = 0.1 <= value <= 0.9 or value > 1  # near 0 and 1 a tenth of a per cent tells; beyond 1 it does not
    text = f"{100 * value:.{0 if whole else 1}f}".removesuffix(".0")
    return f"{text}\u00a0%"


def mebibytes(value: float) -> str:
    """A size with its unit: KiB where it is small."""
    return f"{rough(value)} MiB" if value >= 0.1 else f"{rough(1024 * value)} KiB"


def duration(seconds: Any) -> str:
    """A time span as people say it: ``0.8 s``, ``58 s``, ``4 min 10 s``, ``2 h 5 min``."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if 0 < seconds < 0.01:
        return "< 0.01 s"
    if seconds < 10:
        return f"{seconds:.2g} s" if seconds < 1 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min {whole % 60} s".replace(" 0 s", "")
    return f"{whole // 3600} h {whole % 3600 // 60} min".replace(" 0 min", "")


def few_seeds(n_seeds: int) -> str:
    """What the headline says of few seeds: "one seed a side: this fitted pair only"; empty from three seeds on."""
    if not 0 < n_seeds < ENOUGH_SEEDS:
        return ""
    return "one seed a side: this fitted pair only" if n_seeds == 1 else f"only {n_seeds} seeds a side"


def sentence(text: Any) -> str:
    """The text with a capital at its start and a full stop at its end."""
    text = str(text).strip()
    return str(text[:1].upper() + text[1:] + ("" if not text or text[-1] in ".!?:…" else "."))


def opening(text: Any) -> str:
    """The text with a capital at its start, such as a metric's name that begins a sentence."""
    said = str(text)
    return said[:1].upper() + said[1:]


def moment(text: Any) -> str:
    """A point in time without its seconds: ``2026-01-02 03:04``."""
    return str(text)[:16].replace("T", " ")


def unbroken(text: Any) -> str:
    """A sentence in which a line never ends between a number and its percent sign."""
    return re.sub(r"(?<=\d) %", "\u00a0%", str(text))


def visible(text: str) -> str:
    """The text with control characters and marks that turn its direction as escapes; lines and tabs stay."""
    return printable(text.replace("\r\n", "\n"), "\n\t")


def shorten(value: Any, limit: int = 60) -> str:
    """The value's text on one line, cut at a word near `limit` characters, with an ellipsis where it was cut."""
    text = " ".join(visible(str(value)).split())
    if len(text) <= limit:
        return text
    head = text[:limit]
    space = head.rfind(" ")
    return (head[:space] if space > 0.6 * limit else head).rstrip(" ,;:.") + " …"


def metric(name: str) -> str:
    """A metric's name as people write it."""
    known = find(name)
    return known.words if known and known.words else name.replace("_", " ")


def metric_in_full(name: str) -> str:
    """A metric's name and, where the name does not say it, what it measures."""
    known = find(name)
    return f"{metric(name)} ({known.meaning})" if known and known.meaning else metric(name)


def direction(higher_is_better: bool) -> str:
    """Which scores of a metric are better, in words."""
    return "higher is better" if higher_is_better else "lower is better"


def title(run: Run) -> str:
    """The name that people know a run's model by: its family's title, or of how many models an ensemble consists."""
    members = run.choices.get("ensemble") if run.family == "ensemble" else None
    if members:
        return f"ensemble of {count(len(members), 'model')}"
    return "blend of both finalists" if run.side == "blend" else catalog.title_of(run.family)


def model_cell(runs: Sequence[Run], name: str) -> dict[str, str]:
    """A cell of a table: the name that people know a run's model by, and the run's own name, small, behind it."""
    return {"text": next((title(run) for run in runs if run.name == name), name), "run": name}


def task_sentence(task: Task) -> str:
    """The task as a phrase: ``Binary classification of income``, ``Anomaly detection, judged by broken``."""
    goal = goals.named(task)
    if goal.makes_rows:
        return f"{goal.words} of {ITEMS[modalities.named(task).items]}"
    target = [shorten(name, 30) for name in task.target]
    if not goal.needs_target:
        return f"{goal.words}, judged by {target[0]}" if target else f"{goal.words} without a label"
    words = f"{goal.words} of {', '.join(target[:3])}" if target else goal.words
    if len(target) > 3:
        words += f" and {len(target) - 3} more"
    return words + (f", {count(task.horizon, 'step')} ahead" if task.horizon else "")
