"""Arguments of functions that users call: a misspelt one is answered with the nearest name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from inspect import signature
from typing import ParamSpec, TypeVar

__all__ = ["with_hints"]

P = ParamSpec("P")
R = TypeVar("R")


def with_hints(call: Callable[P, R]) -> Callable[P, R]:
    """The function itself, but an argument it does not have is refused with the name of the nearest one."""
    known = tuple(signature(call).parameters)

    @functools.wraps(call)
    def hinting(*positional: P.args, **named: P.kwargs) -> R:
        unknown = next((name for name in named if name not in known), None)
        if unknown is not None:
            from automl.recipe import unknown_argument

            raise unknown_argument(f"automl.{call.__name__}", unknown, [name for name in known if name != "source"])
        return call(*positional, **named)

    return hinting
