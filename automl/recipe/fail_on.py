"""Conditions on a result under which a command ends with exit code 3: ``verdict=shallow|trust=low|score<0.8``.

The grammar: one condition or several with ``|`` between them, each a field, an operator and a value. Any of them that
holds is enough. A field is a word with a closed list of values, or a number. Everything is checked before a run starts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from automl.errors import RecipeError
from automl.recipe.words import cut, nearest

__all__ = ["RUN_FIELDS", "WATCH_FIELDS", "Condition", "Fields", "failing", "parse_fail_on"]

LONGEST = 1_000
MOST = 50
FIELD = re.compile(r"\s*([A-Za-z_]\w*)\s*(.*)", re.DOTALL)
OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "!=": lambda one, other: one != other,
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
    "=": lambda one, other: one == other,
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
}
"""By the way they are written; those of two characters first, as they are looked for in this order."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What conditions may ask about.

    Attributes:
        words: field → its values; in ascending order where `ordered` names it.
        numbers: fields that are numbers.
        ordered: fields of words that may be compared by their order.
        has_metrics: whether the name of any metric is a field, too.
        example: conditions for messages.
    """

    words: Mapping[str, tuple[str, ...]]
    numbers: tuple[str, ...]
    ordered: tuple[str, ...]
    has_metrics: bool
    example: str

    @property
    def names(self) -> tuple[str, ...]:
        """All fields but metrics."""
        return (*self.words, *self.numbers)


RUN_FIELDS = Fields(
    {
        "verdict": ("deep", "shallow", "tie", "none"),
        "trust": ("low", "medium", "high"),
        "side": ("deep", "shallow", "blend", "floor"),
    },
    ("score", "gain"), ("trust",), True, "verdict=shallow|trust=low|score<0.8",
)  # fmt: skip
"""Of a contest: the verdict, the trust, the side of the recommended model, its test score, the gain of deep."""

WATCH_FIELDS = Fields(
    {"predictions": ("same", "drifted")}, ("drift", "expected", "score"), (), False,
    "drift>0|predictions=drifted|expected<0.8",
)  # fmt: skip
"""Of new rows: columns that drifted, the predictions, the score to be expected, the score where the target is there."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition.

    Attributes:
        field: what it asks about.
        operator: a key of `OPERATORS`.
        value: a word of a field of words, or a number.
    """

    field: str
    operator: str
    value: str | float

    def __str__(self) -> str:
        value = self.value if isinstance(self.value, str) else f"{self.value:g}"
        return f"{self.field}{self.operator}{value}"


def parse_fail_on(
    text: object, fields: Fields = RUN_FIELDS, metric_of: Callable[[str], object] | None = None
) -> tuple[Condition, ...]:
    """The conditions of a text.

    Args:
        text: such as ``"verdict=shallow|score<0.8"``.
        fields: what it may ask about.
        metric_of: raises a RecipeError for the name of no metric; None to leave unknown fields to be taken for a
            metric's of a plug-in, which is checked later.

    Raises:
        RecipeError: a field, an operator or a value is not known; gives the nearest one.
    """
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
        raise RecipeError(f'fail_on: expected conditions such as "{fields.example}", got {cut(repr(text), 60)}')
    parts = text.split("|")
    if len(parts) > MOST:
        raise RecipeError(f"fail_on: expected at most {MOST} conditions, got {len(parts)}; drop some")
    return tuple(_condition(part, fields, metric_of) for part in parts)


def _condition(part: str, fields: Fields, metric_of: Callable[[str], object] | None) -> Condition:
    found = FIELD.fullmatch(part)
    if found is None:
        raise RecipeError(
            f"fail_on: expected a field, an operator and a value such as {fields.example.split('|')[0]}, got "
            f"{cut(part.strip(), 60)!r}"
        )
    name, rest = found[1], found[2]
    known_metric = fields.has_metrics and name not in fields.names and _is_metric(name, fields, metric_of)
    if name not in fields.names and not known_metric:
        raise RecipeError(_unknown(name, fields))
    operator = next((sign for sign in OPERATORS if rest.startswith(sign)), None)
    value = "" if operator is None else rest[len(operator) :].strip()
    if operator is None or not value or value[0] in "=<>!":
        hint = "; equality is a single =" if rest.startswith("==") else ""
        raise RecipeError(
            f"fail_on: expected one of {', '.join(sorted(OPERATORS))} and a value after {name!r}, got "
            f"{cut(rest.strip(), 40)!r}{hint}"
        )
    if name in fields.words:
        return _of_word(name, operator, value, fields)
    return Condition(name, operator, _number(name, value))


def _is_metric(name: str, fields: Fields, metric_of: Callable[[str], object] | None) -> bool:
    if metric_of is None:
        return True
    try:
        metric_of(name)
    except RecipeError as error:
        near = nearest(name, fields.names, 0.6)
        if near:
            raise RecipeError(_unknown(name, fields)) from error
        raise RecipeError(
            f"fail_on: {cut(name, 40)!r} is none of {', '.join(fields.names)} and no metric: {error}"
        ) from error
    return True


def _unknown(name: str, fields: Fields) -> str:
    metrics = ", or a metric's name" if fields.has_metrics else ""
    return (
        f"fail_on: unknown field {cut(name, 40)!r}{nearest(name, fields.names, 0.6)}; expected one of "
        f"{', '.join(fields.names)}{metrics}"
    )


def _of_word(name: str, operator: str, value: str, fields: Fields) -> Condition:
    words = fields.words[name]
    if value not in words:
        raise RecipeError(
            f"fail_on: {name} is never {cut(value, 40)!r}{nearest(value, words)}; expected one of {', '.join(words)}"
        )
    if operator not in ("=", "!=") and name not in fields.ordered:
        raise RecipeError(f"fail_on: {name} has no order; compare it with = or !=, not {operator}")
    return Condition(name, operator, value)


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in text:
        raise RecipeError(f"fail_on: {name} is compared with a number such as 0.8, got {cut(text, 40)!r}")
    return number


def failing(
    conditions: Sequence[Condition], facts: Mapping[str, str | float | None], fields: Fields = RUN_FIELDS
) -> tuple[str, ...]:
    """The conditions that hold, each as a sentence. One about what was not measured holds, too: it cannot be ruled out.

    Args:
        conditions: what `parse_fail_on` returned.
        facts: field → its word or number; None or left out where it was not measured.
        fields: those with which the conditions were parsed.
    """
    found = []
    for one in conditions:
        fact = facts.get(one.field)
        if fact is None or (isinstance(fact, float) and math.isnan(fact)):
            found.append(f"{one}: {one.field} was not measured")
        elif _holds(one, fact, fields):
            found.append(f"{one}: {one.field} is {fact if isinstance(fact, str) else f'{fact:.6g}'}")
    return tuple(found)


def _holds(one: Condition, fact: str | float, fields: Fields) -> bool:
    compare = OPERATORS[one.operator]
    if isinstance(one.value, str):
        words = fields.words[one.field]
        return compare(_place(str(fact), words), _place(one.value, words))
    return compare(float(fact), one.value)


def _place(word: str, words: Sequence[str]) -> int:
    return words.index(word) if word in words else len(words)
