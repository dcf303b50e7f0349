"""Defines every key of a recipe, with its type, default and meaning, for YAML, flags and Python arguments."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from automl.errors import RecipeError
from automl.recipe.units import check_columns, parse_address, parse_budget, parse_latency, parse_memory, parse_share
from automl.recipe.words import nearest
from automl.records import GOALS, Costs, DeviceWish, GoalName, Kind, PrecisionWish, Recipe, SearchOptions

__all__ = ["COST_KEYS", "EXAMPLES", "EXPECTED", "INNER_KEYS", "KEYS", "SEARCH_KEYS", "Keys", "schema"]

MOST_A_YEAR = 1e15
MOST_REPEATS = 100
LEAST_FOLDS, MOST_FOLDS = 3, 20
LOGS = ("tensorboard", "mlflow")
Name = Annotated[str, Field(min_length=1)]


def _place(value: Any) -> str:
    """Check a path; pydantic's own string type would refuse names whose bytes are not UTF-8."""
    if not isinstance(value, str) or not value:
        raise ValueError("expected a path")
    return value


Place = Annotated[str, PlainValidator(_place), WithJsonSchema({"minLength": 1, "type": "string"})]

# The values that each key takes, in words, for messages.
EXPECTED = {
    "data": 'a path, or a shipped set such as "sklearn:breast_cancer"',
    "target": "a column's name or a list of different names",
    "goal": "one of the goals",
    "label": "a column's name",
    "normal": "a value of the label",
    "contamination": 'a share above 0 and below 0.5, or "auto"',
    "void": "a value of masks, a whole number, or -1 for none",
    "dims": "a whole number, at least 2",
    "condition": "a column's name, or label",
    "memorised_limit": "a share from 0 to 1",
    "metric": "a metric's name",
    "test": "a path to the test rows",
    "time_column": "a column's name",
    "series": "a column's name",
    "group": "a column's name",
    "weight": "the name of a column of weights",
    "horizon": "a whole number of steps, at least 1",
    "season": "a whole number of steps, at least 1",
    "known": "a column's name or a list of different names",
    "columns": "a mapping from column names to kinds",
    "drop": "a column's name or a list of different names",
    "budget": 'a time such as 90, "90s", "5m" or "2h", or "none"',
    "max_trials": "a whole number, at least 1",
    "pretrained": "a folder",
    "pretrain": "true or false",
    "templates": "a template's name or a list of names",
    "seed": "a whole number from 0 to 4294967295",
    "min_gain": "a share from 0 to 1",
    "repeats": "a whole number from 2 to 100, or 0 for none",
    "fold_pairs": "a whole number from 3 to 20, or 0 for none",
    "analysis": "a share of the budget from 0 to 0.5",
    "sensitive": "a column's name or a list of different names",
    "latency": 'milliseconds such as 20 or "20ms"',
    "fail_on": 'conditions such as "verdict=shallow|trust=low|score<0.8"',
    "out": "a folder's name",
    "resume": "true or false",
    "json": "true or false",
    "quiet": "true or false",
    "plugins": "an entry point's name or a list of names",
    "ensemble": "true or false",
    "json_lines": "true or false",
    "search": "a mapping of the search's own keys",
    "search.oracle": "one of bayesian, random, hyperband, grid",
    "search.memory": 'an amount such as "8GB" or "500MB"',
    "search.log": "tensorboard, mlflow or both",
    "search.device": "one of auto, cpu, one, all",
    "search.precision": "one of auto, float32, mixed_bfloat16",
    "search.workers": "a whole number, at least 1",
    "search.ray_address": '"auto", "local", "ray://host:port" or "host:port"',
    "costs": "a mapping of retrains_per_year, predictions_per_year, false_alarm, miss, power_watts and price_per_kwh",
    "costs.retrains_per_year": "a number of times, at least 0",
    "costs.predictions_per_year": "a number of rows, at least 0",
    "costs.false_alarm": "a cost, at least 0",
    "costs.miss": "a cost, at least 0",
    "costs.power_watts": "a power in watts, at least 0",
    "costs.price_per_kwh": "a price, at least 0",
}

# A value of each key, for the reference.
EXAMPLES: dict[str, Any] = {
    "data": "cars.csv",
    "target": "price",
    "goal": "regression",
    "label": "failed",
    "normal": "no",
    "contamination": 0.02,
    "void": 255,
    "dims": 32,
    "condition": "churned",
    "memorised_limit": 0.1,
    "metric": "rmse",
    "test": "cars_of_2025.csv",
    "time_column": "sold_on",
    "series": "store",
    "group": "customer",
    "weight": "n_sold",
    "horizon": 14,
    "season": 7,
    "known": ["promo", "price"],
    "columns": {"age": "numeric"},
    "drop": ["row_id"],
    "budget": "5m",
    "max_trials": 20,
    "templates": ["mlp", "tabm"],
    "pretrained": "backbones/minilm",
    "pretrain": True,
    "seed": 1,
    "min_gain": 0.01,
    "repeats": 5,
    "fold_pairs": 5,
    "analysis": 0.3,
    "sensitive": ["sex"],
    "latency": "20ms",
    "fail_on": "verdict=shallow|trust=low|score<0.8",
    "out": "runs/cars",
    "resume": True,
    "json": True,
    "quiet": True,
    "plugins": ["my_members"],
    "ensemble": False,
    "json_lines": True,
    "search": {"oracle": "random"},
    "search.oracle": "hyperband",
    "search.memory": "8GB",
    "search.log": ["mlflow"],
    "search.device": "all",
    "search.precision": "float32",
    "search.workers": 4,
    "search.ray_address": "local",
    "costs": {"miss": 20},
    "costs.retrains_per_year": 52,
    "costs.predictions_per_year": 200_000_000,
    "costs.false_alarm": 1,
    "costs.miss": 20,
    "costs.power_watts": 250,
    "costs.price_per_kwh": 0.25,
}


class SearchKeys(BaseModel):
    """How the deep side searches."""

    model_config = ConfigDict(extra="forbid", strict=True)

    oracle: Literal["bayesian", "random", "hyperband", "grid"] = Field(
        "bayesian", description="KerasTuner's algorithm that proposes settings."
    )
    memory: int | float | str | None = Field(
        None, description="Memory for one trial: 8GB, 500MB. The table may use an eighth of it."
    )
    log: Name | list[Name] = Field(default_factory=list, description="Other logs of trials: tensorboard, mlflow.")
    device: DeviceWish = Field(
        "auto", description="Where networks train: auto, cpu, one (one device per trial), all (each trial on all)."
    )
    precision: PrecisionWish = Field(
        "auto",
        description="What networks compute in: auto (may try both), float32, mixed_bfloat16.",
    )
    workers: int = Field(1, ge=1, le=100_000, description="Trials that run at once; more than one needs Ray.")
    ray_address: str | None = Field(
        None,
        description="Ray to run on; a file may only say local (Ray started here). Others: use --ray-address.",
    )

    @field_validator("memory", mode="before")
    @classmethod
    def memory_is_an_amount(cls, value: Any) -> Any:
        """Convert the amount to MiB."""
        return None if value is None else parsed(parse_memory, value)

    @field_validator("ray_address", mode="before")
    @classmethod
    def ray_address_is_an_address(cls, value: Any) -> Any:
        """Refuse a text that is not an address of Ray."""
        return None if value is None else parsed(parse_address, value)

    @field_validator("log", mode="after")
    @classmethod
    def log_is_known(cls, value: Any) -> Any:
        """Refuse an unknown logger."""
        for name in listed(value):
            if name not in LOGS:
                words = f"unknown logger {name!r}{nearest(name, LOGS)}; there are {', '.join(LOGS)}"
                raise PydanticCustomError("words", "{text}", {"text": words})
        return value


class CostKeys(BaseModel):
    """What using a model costs: how much it is used, what its errors cost, what power costs."""

    model_config = ConfigDict(extra="forbid", strict=True)

    retrains_per_year: int | float = Field(
        12, ge=0, le=MOST_A_YEAR, description="How often the finalist is fitted again, with all its seeds."
    )
    predictions_per_year: int | float = Field(
        1_000_000, ge=0, le=MOST_A_YEAR, description="Rows that are predicted, in batches."
    )
    false_alarm: int | float = Field(
        1, ge=0, le=MOST_A_YEAR, description="Cost of predicting the positive class where it is not, in any unit."
    )
    miss: int | float = Field(
        1, ge=0, le=MOST_A_YEAR, description="Cost of not predicting the positive class where it is, in the same unit."
    )
    power_watts: int | float = Field(
        65, ge=0, le=MOST_A_YEAR, description="Power that the busy processor is taken to draw, for estimates of energy."
    )
    price_per_kwh: int | float = Field(
        0.3, ge=0, le=MOST_A_YEAR, description="Price of a kilowatt-hour, in any currency."
    )


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


SEARCH_KEYS = tuple(SearchKeys.model_fields)
COST_KEYS = tuple(CostKeys.model_fields)
INNER_KEYS = {"search": SEARCH_KEYS, "costs": COST_KEYS}
"""Keys that hold further keys, and those; all of these names differ from each other and from the recipe's keys."""
INNER_MODELS = {"search": SearchKeys.__name__, "costs": CostKeys.__name__}
KEYS = tuple(field.alias or name for name, field in Keys.model_fields.items())


def parsed(parse: Any, value: Any) -> Any:
    """Run a parser and pass its error message on through pydantic."""
    try:
        return parse(value)
    except RecipeError as error:
        text = str(error).partition(": ")[2] or str(error)
        raise PydanticCustomError("words", "{text}", {"text": text}) from error


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


def to_recipe(keys: Keys, source: str, **objects: Any) -> Recipe:
    """Make the frozen record from checked keys; `objects` replace paths by loaded data."""
    return Recipe(**{
        "data": keys.data,
        "target": listed(keys.target),
        "goal": keys.goal,
        "label": keys.label,
        "normal": None if keys.normal is None else str(keys.normal),
        "contamination": None if keys.contamination is None else float(keys.contamination),
        "void": keys.void,
        "dims": keys.dims,
        "condition": keys.condition,
        "memorised_limit": float(keys.memorised_limit),
        "metric": keys.metric,
        "test": keys.test,
        "time_column": keys.time_column,
        "series": keys.series,
        "group": keys.group,
        "weight": keys.weight,
        "horizon": keys.horizon,
        "season": keys.season,
        "known": listed(keys.known),
        "columns": keys.columns,
        "drop": listed(keys.drop),
        "budget_seconds": float(keys.budget),
        "budget_given": "budget" in keys.model_fields_set,
        "max_trials": keys.max_trials,
        "templates": listed(keys.templates),
        "pretrained": keys.pretrained,
        "pretrain": keys.pretrain,
        "seed": keys.seed,
        "min_gain": float(keys.min_gain),
        "repeats": keys.repeats,
        "fold_pairs": keys.fold_pairs,
        "analysis": float(keys.analysis),
        "sensitive": listed(keys.sensitive),
        "latency_ms": None if keys.latency is None else float(keys.latency),
        "fail_on": keys.fail_on,
        "out": keys.out,
        "resume": keys.resume,
        "json": keys.json_,
        "quiet": keys.quiet,
        "plugins": listed(keys.plugins),
        "ensemble": keys.ensemble,
        "json_lines": keys.json_lines,
        "search": SearchOptions(
            oracle=keys.search.oracle,
            memory_mib=None if keys.search.memory is None else float(keys.search.memory),
            log=listed(keys.search.log),
            device=keys.search.device,
            precision=keys.search.precision,
            workers=keys.search.workers,
            ray_address=keys.search.ray_address,
        ),
        "costs": Costs(**{name: float(getattr(keys.costs, name)) for name in COST_KEYS}),
        "source": source,
        **objects,
    })  # fmt: skip


def listed(value: str | list[str] | None) -> tuple[str, ...]:
    """One name or several as a tuple."""
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)
