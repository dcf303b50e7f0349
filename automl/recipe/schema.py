"""Defines every key of a recipe, with its type, default and meaning, for YAML, flags and Python arguments."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from automl.recipe.descriptions import EXAMPLES, EXPECTED
from automl.recipe.inner_keys import COST_KEYS, INNER_KEYS, INNER_MODELS, SEARCH_KEYS, CostKeys, SearchKeys
from automl.recipe.units import check_columns, parse_budget, parse_latency, parse_share
from automl.recipe.values import Name, Place, parsed
from automl.records import GOALS, GoalName, Kind

__all__ = ["COST_KEYS", "EXAMPLES", "EXPECTED", "INNER_KEYS", "KEYS", "SEARCH_KEYS", "Keys", "schema"]

MOST_REPEATS = 100
LEAST_FOLDS, MOST_FOLDS = 3, 20


class Keys(BaseModel):
    """A contest: which data to use, what to predict, and how long it may take."""

    model_config = ConfigDict(extra="forbid", strict=True, title="automl recipe", arbitrary_types_allowed=True)

    data: Place = Field(
        description="Path to the data (relative to the recipe), or a shipped set: sklearn:<name>, automl:<name>."
    )
    target: Name | list[Name] | None = Field(None, description="Column(s) to predict; left out to detect.")
    goal: GoalName | None = Field(
        None, description="What to do with the target; left out to detect.",
        json_schema_extra={"examples": list(GOALS)},
    )  # fmt: skip
    label: Name | None = Field(None, description="Column used only to score a goal without target.")
    normal: str | int | float | None = Field(
        None, description="Value of the label that is normal: only rows that have it are learnt from."
    )
    contamination: int | float | str | None = Field(
        None, description="Share of rows that raise an alarm; auto (as left out) to choose it on validation rows."
    )
    void: int | None = Field(
        None, ge=-1, le=2**25,
        description="Value of masks whose pixels have no class, -1 if all have one; left out to detect.",
    )  # fmt: skip
    dims: int | None = Field(
        None, ge=2, le=2**16, description="How many numbers represent a row; left out to choose by the data."
    )
    condition: Name | None = Field(
        None, description="Column (or label) given whose values items are generated, and with them scored."
    )
    memorised_limit: float = Field(
        0.25,
        ge=0,
        le=1,
        description="A generator is not recommended if a larger share of its rows repeats training rows.",
    )
    metric: Name | None = Field(None, description="Metric that decides; left out to choose by goal.")
    test: Place | None = Field(None, description="Path to the test rows; left out to split the data.")
    time_column: Name | None = Field(None, description="Column of times; left out to detect.")
    series: Name | None = Field(None, description="Column that names the series of a panel; left out to detect.")
    group: Name | None = Field(None, description="Column of groups; rows of a group stay in one part of the split.")
    weight: Name | None = Field(None, description="Column of sample weights.")
    horizon: int | None = Field(None, ge=1, le=2**53, description="Steps to forecast; left out to choose by frequency.")
    season: int | None = Field(
        None, ge=1, le=2**53, description="Steps of a season, by which MASE scales; left out to choose by frequency."
    )
    known: Name | list[Name] = Field(
        default_factory=list, description="Covariates of a forecast whose future values are known beforehand."
    )
    columns: dict[str, Kind] = Field(default_factory=dict, description="Kinds of columns, overriding detection.")
    drop: Name | list[Name] = Field(default_factory=list, description="Column(s) to leave out of the inputs.")
    budget: int | float | str = Field(
        "5m", validate_default=True, description="Time for the run: 90, 90s, 5m, 2h; none with max_trials."
    )
    max_trials: int | None = Field(None, ge=1, le=2**53, description="Most deep trials, and most shallow fits.")
    templates: Name | list[Name] = Field(
        default_factory=list, description="Deep templates to search; left out for all that fit."
    )
    pretrained: Name | None = Field(
        None, description="Folder of a backbone whose vectors of texts or pictures both sides read; or automl:<name>."
    )
    pretrain: bool = Field(
        False, description="Use rows without a target on both sides: to pretrain networks, and in shallow models."
    )
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of splits, searches and networks.")
    min_gain: float = Field(
        0.005, ge=0, le=1, description="Smallest gain that counts, as a share of the distance from floor to best score."
    )
    repeats: int = Field(
        0, ge=0, le=MOST_REPEATS, description="Further splits on which the finalists are compared again; 0 for none.",
        json_schema_extra={"not": {"const": 1}},
    )  # fmt: skip
    fold_pairs: int = Field(
        0, ge=0, le=MOST_FOLDS, description="Folds whose out-of-fold pairs decide in place of the test; 0 for none.",
        json_schema_extra={"not": {"enum": [1, 2]}},
    )  # fmt: skip
    analysis: float = Field(
        0.15, ge=0, le=0.5, description="Share of the budget for what is measured after the verdict; 0 for nothing."
    )
    sensitive: Name | list[Name] = Field(
        default_factory=list,
        description="Column(s) by whose groups both sides are compared; they may be dropped from the inputs.",
    )
    latency: int | float | str | None = Field(None, description="Milliseconds a finalist may take for one row.")
    fail_on: Name | None = Field(
        None,
        description="Conditions under which the command ends with exit code 3: verdict, trust, side, score, gain or a "
        "metric, with =, !=, <, <=, > or >=, and | between them.",
        json_schema_extra={"examples": ["verdict=shallow|trust=low|score<0.8"]},
    )
    out: Place | None = Field(None, description="Run folder; left out for a new one under automl-runs.")
    resume: bool = Field(False, description="Resume the run in the out folder.")
    json_: bool = Field(False, alias="json", description="Print result.json and nothing else.")
    quiet: bool = Field(False, description="Show no progress.")
    plugins: Name | list[Name] = Field(
        default_factory=list, description="Entry points of plug-ins that add templates, baselines, metrics and so on."
    )
    ensemble: bool = Field(True, description="Let both sides name a weighted ensemble as finalist.")
    json_lines: bool = Field(False, description="Show progress as one JSON object per line on standard error.")
    search: SearchKeys = Field(
        SearchKeys(oracle="bayesian", memory=None, device="auto", precision="auto", workers=1, ray_address=None),
        description="How the deep side searches.",
    )
    costs: CostKeys = Field(
        CostKeys(
            retrains_per_year=12,
            predictions_per_year=1_000_000,
            false_alarm=1,
            miss=1,
            power_watts=65,
            price_per_kwh=0.3,
        ),
        description="What using a model costs: how much it is used, what its errors cost, what power costs.",
    )

    @field_validator("budget", mode="before")
    @classmethod
    def budget_is_a_time(cls, value: Any) -> Any:
        """Convert the budget to seconds."""
        return parsed(parse_budget, value)

    @field_validator("latency", mode="before")
    @classmethod
    def latency_is_a_time(cls, value: Any) -> Any:
        """Convert the latency to milliseconds."""
        return None if value is None else parsed(parse_latency, value)

    @field_validator("contamination", mode="before")
    @classmethod
    def contamination_is_a_share(cls, value: Any) -> Any:
        """Convert the share to a number; None for "auto"."""
        return None if value is None else parsed(parse_share, value)

    @field_validator("repeats", mode="after")
    @classmethod
    def repeats_are_several(cls, value: int) -> int:
        """Refuse a single repeat: one gain has no spread."""
        if value == 1:
            words = "one repeat has no spread, so it gives no interval; give at least 2, or 0 for none"
            raise PydanticCustomError("words", "{text}", {"text": words})
        return value

    @field_validator("fold_pairs", mode="after")
    @classmethod
    def folds_are_several(cls, value: int) -> int:
        """Refuse one or two folds, whose fits would learn from half of the rows at most."""
        if 0 < value < LEAST_FOLDS:
            words = f"fits would learn from half of the rows at most; give at least {LEAST_FOLDS} folds, or 0 for none"
            raise PydanticCustomError("words", "{text}", {"text": words})
        return value

    @field_validator("columns", mode="before")
    @classmethod
    def columns_have_kinds(cls, value: Any) -> Any:
        """Refuse an unknown kind and name the nearest one."""
        return parsed(check_columns, value) if isinstance(value, dict) else value

    @field_validator("target", "known", "drop", "sensitive", "templates", "plugins", mode="after")
    @classmethod
    def names_differ(cls, value: Any) -> Any:
        """Refuse a name that is given twice."""
        if isinstance(value, list) and len(set(value)) < len(value):
            raise PydanticCustomError("words", "a name is given twice: {value}", {"value": value})
        return value


KEYS = tuple(field.alias or name for name, field in Keys.model_fields.items())


def schema() -> dict[str, Any]:
    """The JSON schema of a recipe."""
    content = Keys.model_json_schema(by_alias=True)
    for key in INNER_KEYS:
        content["properties"][key]["description"] = Keys.model_fields[key].description
    for key, value in EXAMPLES.items():
        outer, _, inner = key.rpartition(".")
        holder = content["$defs"][INNER_MODELS[outer]] if outer else content
        holder["properties"][inner].setdefault("examples", [value])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **content}
