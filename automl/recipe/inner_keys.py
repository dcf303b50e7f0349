"""The keys of a recipe that lie within others: of the search, and of costs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from automl.recipe.units import parse_address, parse_memory
from automl.recipe.values import Name, listed, parsed
from automl.recipe.words import nearest
from automl.records import DeviceWish, PrecisionWish

__all__ = ["COST_KEYS", "INNER_KEYS", "INNER_MODELS", "SEARCH_KEYS", "CostKeys", "SearchKeys"]

MOST_A_YEAR = 1e15
LOGS = ("tensorboard", "mlflow")


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


SEARCH_KEYS = tuple(SearchKeys.model_fields)
COST_KEYS = tuple(CostKeys.model_fields)
INNER_KEYS = {"search": SEARCH_KEYS, "costs": COST_KEYS}
"""Keys that hold further keys, and those; all of these names differ from each other and from the recipe's keys."""
INNER_MODELS = {"search": SearchKeys.__name__, "costs": CostKeys.__name__}
