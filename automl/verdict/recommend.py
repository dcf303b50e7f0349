"""Which run to use: the rule, and the reason for its choice.

See ``docs/decisions/0033-recommendation.md``. Test rows decide only who wins (*better*, *equivalent*) and who beats the
floor. Where they do not tell the sides apart, validation and cost decide.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from automl.records import Champion, Costs, Run
from automl.verdict.leads import lead_words
from automl.verdict.total_cost import cheaper

__all__ = ["FREE_HOURS", "MOST_TIMES", "Choice", "Reason", "Terms", "Verdict", "recommend"]

MOST_TIMES = 10.0
"""The blend may cost so many times as much as the better side."""

FREE_HOURS = 24.0
"""A blend whose total cost is at most this, in CPU hours a year, is cheap enough whatever the better side costs."""

Verdict = Literal["deep", "shallow", "tie"]
Reason = Literal["better", "equivalent", "undecided", "one_sided"]
Why = Literal["floor", "lone", "better", "only", "cheaper", "same_cost", "simpler", "validation", "blend", "memorises"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a recommendation rests on besides the test.

    Attributes:
        champion: what validation says; None if it was not asked.
        blend: name of the blend's run; None where there is none.
        barred: why the blend cannot be used, as a clause ("it is not saved"); "" if it can.
        costs: how much the model is used.
        memorising: names of finalists whose rows repeat too many of those that they learnt from.
    """

    champion: Champion | None = None
    blend: str | None = None
    barred: str = ""
    costs: Costs = field(default_factory=Costs)
    memorising: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Choice:
    """What is recommended.

    Attributes:
        run: name of the run.
        why: the part of the rule that chose it.
        other: name of the run that it is compared with: the other finalist, for the blend the better one; None where
            there is none.
    """

    run: str
    why: Why
    other: str | None = None


def recommend(
    verdict: Verdict,
    reason: Reason,
    deep: str,
    shallow: str,
    floor: str,
    useful: Collection[str],
    runs: Mapping[str, Run],
    terms: Terms,
) -> Choice:
    """Choose the run to use where both sides have a finalist.

    1. What does not beat the floor is not recommended, and no generator that memorises too much.
    2. The blend, if it is the champion, its cost allows it, and the test does not show the other side to be better.
    3. *better*: the winner.
    4. *equivalent*: the finalist with the smaller total cost, if that is clearly smaller; else the shallow one.
    5. *undecided*: the shallow finalist, unless the deep one is better on validation rows by more than noise.

    Args:
        verdict: of the test.
        reason: of the verdict.
        deep: name of the deep finalist's run.
        shallow: name of the shallow finalist's run.
        floor: name of the floor's run.
        useful: names of the finalists that beat the floor.
        runs: by name, with their total costs.
        terms: what validation says, and whether the blend can be used.
    """
    winners = {"deep": [deep], "shallow": [shallow], "tie": [deep, shallow]}[verdict]
    if terms.memorising & {deep, shallow}:
        return _of_the_others(winners, deep, shallow, floor, useful, terms.memorising)
    candidates = [name for name in winners if name in useful]
    if not candidates:
        return Choice(floor, "floor")
    against = better_run(terms.champion, deep, shallow)
    if terms.blend is not None and not why_no_blend(verdict, deep, shallow, useful, runs, terms):
        return Choice(terms.blend, "blend", against)
    other = shallow if candidates[0] == deep else deep
    if verdict != "tie":
        return Choice(candidates[0], "better", other)
    if len(candidates) == 1:
        return Choice(candidates[0], "only", other)
    if reason == "equivalent":
        if cheaper(runs.get(deep), runs.get(shallow)):
            return Choice(deep, "cheaper", shallow)
        return Choice(shallow, "cheaper" if cheaper(runs.get(shallow), runs.get(deep)) else "same_cost", deep)
    lead = None if terms.champion is None else terms.champion.deep_lead
    if lead is not None and lead.is_beyond_noise:
        return Choice(deep, "validation", shallow)
    return Choice(shallow, "simpler", deep)


def _of_the_others(
    winners: Sequence[str], deep: str, shallow: str, floor: str, useful: Collection[str], memorising: Collection[str]
) -> Choice:
    """The choice where a finalist memorises too much: the other one, if that does not and beats the floor."""
    left = [name for name in (deep, shallow) if name in useful and name not in memorising]
    if not left:
        return Choice(floor, "memorises")
    other = shallow if left[0] == deep else deep
    return Choice(left[0], "better" if winners == left else "memorises", other)


def better_run(champion: Champion | None, deep: str, shallow: str) -> str:
    """The run of the finalist that is better on validation rows; the shallow one where nothing is known."""
    return deep if champion is not None and champion.better == "deep" else shallow


def why_no_blend(
    verdict: Verdict, deep: str, shallow: str, useful: Collection[str], runs: Mapping[str, Run], terms: Terms
) -> str:
    """Why the blend is not recommended, as a clause that is true of it; "" if it is."""
    if terms.blend is None:
        return "none could be made"
    lead = None if terms.champion is None else terms.champion.blend_lead
    if terms.champion is None or lead is None:
        return "nothing is known of it on validation rows that its weight was not chosen by"
    if terms.champion.side != "blend":
        return "it does not lead the better side on validation rows that its weight was not chosen by"
    if lead.noise is None:
        return "the noise of its lead on validation rows could not be measured"
    if not lead.is_beyond_noise:
        return f"its lead on validation rows is not beyond noise ({lead_words(lead)})"
    if terms.barred:
        return terms.barred
    if not {deep, shallow} <= set(useful):
        return "one of its two models does not beat the floor by more than noise"
    better = better_run(terms.champion, deep, shallow)
    winner = {"deep": deep, "shallow": shallow}.get(verdict, better)
    if winner != better:
        return "the test shows that the other side is better than the one that it was measured against"
    hours, own = (None if run is None else run.hours_per_year for run in (runs.get(terms.blend), runs.get(better)))
    if hours is not None and own is not None and hours > max(FREE_HOURS, MOST_TIMES * own):
        times = f"more than {MOST_TIMES:.0f} times the {own:,.2g} of the better side"
        return f"it costs {hours:,.0f} CPU hours a year, {times}"
    return ""
