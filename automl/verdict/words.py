"""The verdict in two sentences that a manager understands, with the metric's own numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from automl import catalog, metrics
from automl.metrics.figures import figure, places, signed
from automl.records import Comparison, Contestant, Run, Split
from automl.system.counts import counted
from automl.verdict.leads import lead_words
from automl.verdict.recommend import Choice, Terms, Verdict, why_no_blend

__all__ = [
    "NOTHING_TRAINED", "Scores", "both_sentences", "champion_notes", "count_of_units", "lone_sentences", "says_why",
    "why_sentence",
]  # fmt: skip

NOTHING_TRAINED = "Nothing was trained within the budget; this is the simplest possible prediction."

NO_LEAD = 1e-9
"""A lead and a noise below this are what arithmetic leaves of zero."""
_UNITS = {
    "row": ("test row", "test rows"),
    "group": ("test group", "test groups"),
    "block": ("block of test rows in time", "blocks of test rows in time"),
    "window": ("test window", "test windows"),
    "series": ("test series", "test series"),
}


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores that a verdict compares.

    Attributes:
        metric: name of the metric.
        of: test scores by run name.
        runs: by name.
        useful: names of the finalists that beat the floor by more than noise; of a test that cannot tell, those that
            score better while validation does not speak against it.
        tells_floor: whether the test is large enough to tell a lead over the floor from noise.
    """

    metric: str
    of: Mapping[str, float]
    runs: Mapping[str, Run]
    useful: frozenset[str] = frozenset()
    tells_floor: bool = True

    def title(self, name: str) -> str:
        """What a run is, with its side: "the deep network (mlp)"."""
        run = self.runs.get(name)
        what = {"deep": "the deep network", "shallow": "the shallow model"}.get("" if run is None else run.side)
        if run is not None and run.side == "blend":
            return "the blend of both"
        return self.family(name) if what is None else f"{what} ({self.family(name)})"

    def family(self, name: str) -> str:
        """What kind of model a run is, as people call it: "MLP" of "dense network (MLP)"."""
        run = self.runs.get(name)
        if run is None:
            return name.replace("_", " ")
        before, _, within = catalog.title_of(run.family).partition(" (")
        return within.rstrip(")") if within and run.side == "deep" else before


def count_of_units(n: int, split: Split) -> str:
    """Such as "1 test row", "8,140 test rows" or "15 starting times of test windows"."""
    if split.windows_share_units:
        return counted(n, "starting time of test windows", "starting times of test windows")
    return counted(n, *_UNITS.get(split.units, (f"test {split.units}", f"test {split.units}s")))


def measured_on(n_units: int, split: Split) -> str:
    """What a score was measured on: its units, or "45 test windows that start at 15 times"."""
    if split.windows_share_units:
        return f"{counted(len(split.unit_ids), 'test window')} that start at {counted(n_units, 'time')}"
    return count_of_units(n_units, split)


def times(ratio: float) -> str:
    """Such as "40 times" or "1.8 times"."""
    return f"{ratio:,.0f} times" if ratio >= 9.5 else f"{ratio:.1f} times"


def milliseconds(value: float) -> str:
    """Two figures."""
    return f"{value:.2g}" if value < 100 else f"{value:,.0f}"


def cost_sentence(scores: Scores, one: str, other: str, opening: str) -> str:
    """What one run costs compared with another: training time, then prediction time."""
    a, b = scores.runs.get(one), scores.runs.get(other)
    parts, costlier = [], []
    if a is not None and b is not None and a.cost.fit_seconds > 0 and b.cost.fit_seconds > 0:
        ratio = a.cost.fit_seconds / b.cost.fit_seconds
        if ratio >= 1.25:
            parts.append(f"takes {times(ratio)} as long to train")
        elif ratio <= 0.8:
            parts.append(f"takes {times(1 / ratio)} less time to train")
        else:
            parts.append("takes about as long to train")
        costlier.append(0 if 0.8 < ratio < 1.25 else 1 if ratio > 1 else -1)
    if a is not None and b is not None and a.cost.predict_ms and b.cost.predict_ms:
        mine, theirs = milliseconds(a.cost.predict_ms), milliseconds(b.cost.predict_ms)
        parts.append(f"answers in {mine} ms" + ("" if mine == theirs else f" instead of {theirs}"))
        costlier.append(0 if mine == theirs else 1 if a.cost.predict_ms > b.cost.predict_ms else -1)
    joint = " but " if len(costlier) == 2 and costlier[0] * costlier[1] < 0 else " and "
    costs = joint.join(parts) if parts else "has no measured costs to set against the other's"
    if opening == "It also" and costlier and costlier[0] >= 0:
        opening = "It"  # it costs as much or more, which adds nothing to its lead
    return f"{opening} {costs}."


def _evidence(comparison: Comparison, split: Split) -> str:
    units = measured_on(comparison.n_units, split)
    if comparison.interval is None:
        return f"on {units}"
    _, low, high = signed(comparison.gain or 0.0, *comparison.interval)  # as beside the gain in its picture
    exact = "" if comparison.p_value is None else f", exact paired test p = {comparison.p_value:.2g}"
    return f"{comparison.level * 100:.0f} % interval of deep's lead: {low} to {high}{exact}, on {units}"


def hours(value: float) -> str:
    """CPU hours a year at two figures: "0.023", "4.1", "1,200"."""
    if value < 0.0005:
        return "under 0.001"
    places = max(0, 1 - math.floor(math.log10(value)))
    return f"{value:,.{places}f}"


def _clause(choice: Choice, scores: Scores, terms: Terms, floor: str | None = None) -> str:
    """Why the finalist or the blend is recommended, as a clause that follows its name."""
    champion = terms.champion
    lead = None if champion is None else champion.deep_lead
    own, other = (scores.runs.get(name or "") for name in (choice.run, choice.other))
    both = None not in (own and own.hours_per_year, other and other.hours_per_year)
    if choice.why == "only":
        beats = "beats the floor" if scores.tells_floor else "scores better than the floor"
        return f"the only one that {beats}" + ("" if floor is None else f" ({floor})")
    if choice.why == "cheaper" and both and own is not None and other is not None:
        mine, theirs = hours(own.hours_per_year or 0.0), hours(other.hours_per_year or 0.0)
        return f"the cheaper in total ({mine} CPU hours a year against {theirs})"
    if choice.why == "same_cost":
        return "the simpler one, since both cost about the same in total" if both else "the simpler one"
    if choice.why == "validation" and lead is not None:
        return f"since it is better on validation rows beyond noise ({lead_words(lead)})"
    if choice.why == "blend" and champion is not None and champion.blend_lead is not None:
        against = scores.title(choice.other or "")
        return f"since it is better than {against} on validation rows beyond noise ({lead_words(champion.blend_lead)})"
    if lead is None:
        return "since it is simpler and validation rows do not tell which one is better"
    if max(abs(lead.gain), lead.noise or 0.0) < NO_LEAD:
        return "since it is simpler and both score the same on validation rows"
    beyond = " beyond noise" if lead.gain > 0 else ""
    return f"since it is simpler and the deep one is not better on validation rows{beyond} ({lead_words(lead)})"


_STARTS = {
    "only": "Compared with the floor: ",
    "cheaper": "Equally good on the test rows: ",
    "same_cost": "Equally good on the test rows: ",
    "validation": "Undecided on the test rows: ",
    "simpler": "Undecided on the test rows: ",
    "blend": "By validation: ",
}


def says_why(choice: Choice) -> bool:
    """Whether `both_sentences` give the reason of a choice; the others have a sentence of their own."""
    return choice.why in _STARTS


def why_sentence(choice: Choice, scores: Scores, terms: Terms) -> str:
    """Why this run is recommended, in a sentence.

    Args:
        choice: what is recommended, and by which part of the rule.
        scores: the scores and runs that are compared.
        terms: what validation says.
    """
    if choice.why == "floor":
        none = "The better finalist did not do" if scores.useful else "No trained model did"
        return f"{none} measurably better than this, the simplest possible prediction."
    if choice.why == "lone":
        return "It is the only finalist: there was nothing to compare it with."
    if choice.why == "better":
        return "It is better on the test rows, by more than chance and by at least the gain that counts."
    if choice.why == "memorises":
        return _memorising(choice, scores)
    title = scores.title(choice.run)
    return f"{_STARTS[choice.why]}{title}, {_clause(choice, scores, terms)}."


def _memorising(choice: Choice, scores: Scores) -> str:
    if choice.other is None:
        return (
            "Both finalists repeat more rows that they learnt from than may be recommended, or do not beat the floor; "
            "this is what repeats none."
        )
    return f"The rows of {scores.title(choice.other)} repeat more rows that it learnt from than may be recommended."


def champion_notes(
    scores: Scores, terms: Terms, choice: Choice, verdict: Verdict, deep: str, shallow: str
) -> list[str]:
    """A note where the blend is the champion on validation rows and is not recommended."""
    if terms.champion is None or terms.champion.side != "blend" or choice.why == "blend":
        return []
    why = why_no_blend(verdict, deep, shallow, scores.useful, scores.runs, terms)
    return [f"The blend of both is the champion on validation rows, but is not recommended: {why}."] if why else []


def both_sentences(
    comparison: Comparison,
    scores: Scores,
    deep: str,
    shallow: str,
    floor: str,
    split: Split,
    few: str,
    choice: Choice,
) -> tuple[str, str]:
    """Two sentences where both sides have a finalist.

    Args:
        comparison: verdict and figures.
        scores: the scores and runs that are compared.
        deep: name of the deep finalist's run.
        shallow: name of the shallow finalist's run.
        floor: name of the floor's run.
        split: its test units.
        few: why the test is too small for the interval alone to decide; empty where it is not.
        choice: what is recommended, and by which part of the rule.
    """
    metric = metrics.named(scores.metric)
    a, b = scores.of[deep], scores.of[shallow]
    decimals = places(a, b)
    network, model = f"the best deep network ({scores.family(deep)})", scores.family(shallow)
    evidence = _evidence(comparison, split)
    deep_score, shallow_score = figure(a, decimals), figure(b, decimals)
    floor_score = figure(scores.of[floor], decimals)
    if comparison.verdict == "deep":
        first = (
            f"Deep learning pays here: {network} scores {deep_score} {metric.words} against {shallow_score} for the "
            f"best shallow model ({model}) ({evidence})."
        )
    elif comparison.verdict == "shallow":
        first = (
            f"A shallow model is enough here: {model} scores {shallow_score} {metric.words} against {deep_score} for "
            f"{network} ({evidence})."
        )
    else:
        opening = "Both sides do equally well here" if comparison.reason == "equivalent" else (
            "There is too little test data to tell the sides apart" if few else "The test cannot tell the sides apart"
        )  # fmt: skip
        first = (
            f"{opening}: {network} scores {deep_score} {metric.words} and the best shallow model ({model}) "
            f"{shallow_score} ({evidence})."
        )
    if comparison.recommended == floor:
        winner = scores.title(deep if comparison.verdict == "deep" else shallow)
        who, what = "neither beats", "neither pays"
        if scores.useful:
            who, what = f"{winner} does not beat", "it does not pay"
        return first, (
            f"But {who} the floor, which learns nothing from the inputs and scores {floor_score}, by more than "
            f"noise, so {what} yet."
        )
    if not says_why(choice):
        opening = "The network" if comparison.verdict == "deep" else "It also"
    else:
        clause = _clause(choice, scores, Terms(comparison.champion), floor_score)
        opening = f"Take {scores.title(choice.run)}, {clause}: it"
    return first, cost_sentence(scores, choice.run, choice.other or floor, opening)


def lone_sentences(
    comparison: Comparison, scores: Scores, only: Contestant | None, floor: str, split: Split
) -> tuple[str, str]:
    """Two sentences where a side, or both, have no finalist."""
    metric = metrics.named(scores.metric)
    floor_score = scores.of[floor]
    units = measured_on(comparison.n_units, split)
    if only is None:
        return (
            "Neither a deep network nor a shallow model could be trained in this budget.",
            f"What is kept is the floor, which learns nothing from the inputs and scores "
            f"{figure(floor_score)} {metric.words} on {units}.",
        )
    mine = scores.of[only.run]
    mine_text, floor_text = figure(mine), figure(floor_score, places(mine))
    finished = "a deep network" if only.side == "deep" else "a shallow model"
    missing = "shallow model" if only.side == "deep" else "deep network"
    first = (
        f"Undecided, since only one side finished: {finished} ({scores.family(only.run)}) was trained, "
        f"and no {missing}."
    )
    against = f"{mine_text} {metric.words} against {floor_text} for the floor on {units}"
    if comparison.recommended == only.run and not scores.tells_floor:
        return first, f"It scores {against}, which so small a test cannot tell from noise; it is what you have."
    if comparison.recommended == only.run:
        return first, f"It scores {against}, so it is what you have, but nothing is known of how it compares."
    return first, f"It scores {against}, which is not better by more than noise, so it does not pay yet."
