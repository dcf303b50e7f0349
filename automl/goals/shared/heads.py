"""Heads of networks as plain numbers and strings, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from automl.records import Head

__all__ = ["head_state", "restore_head"]


def head_state(head: Head) -> dict[str, Any]:
    """Plain numbers, strings and lists, from which `restore_head` makes an equal head."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(head).items()}


def restore_head(state: Mapping[str, Any]) -> Head:
    """The head that `head_state` described."""
    plain: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in state.items()}
    return Head(**plain)
