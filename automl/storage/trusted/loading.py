"""From the content of a skops file to a model, or a reason why not."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from automl.storage.moved_types import renamed
from automl.storage.trusted.errors import Untrusted
from automl.storage.trusted.lists import TRUSTED
from automl.storage.trusted.members import parse_json, read_members, unpacked_limit
from automl.storage.trusted.schema import check_schema

__all__ = ["check", "loads"]

MEMBERS = re.compile(r"schema\.json|\d{1,25}\.npy")


def check(content: bytes, types: Collection[str] = TRUSTED) -> None:
    """Check what a skops file names and how large it is, without building anything.

    Args:
        content: of the file.
        types: the closed list of what it may name.

    Raises:
        Untrusted: it is damaged, too large, or names something that is not on the list.
    """
    _check(_renamed(content), types)


def _renamed(content: bytes) -> bytes:
    return renamed(content, unpacked_limit(len(content)), MEMBERS)


def _check(content: bytes, types: Collection[str]) -> None:
    limit = unpacked_limit(len(content))
    members = read_members(content, MEMBERS, limit)
    if "schema.json" not in members:
        raise Untrusted("it holds no description (schema.json)")
    check_schema(parse_json(members.pop("schema.json")), members, frozenset(types), limit)


def loads(content: bytes, types: Collection[str] = TRUSTED) -> Any:
    """Build a model from a skops file that was checked here.

    Args:
        content: of the file.
        types: the closed list of what it may name.

    Raises:
        Untrusted: it is refused by `check`, skops cannot build it, or its arrays would lead native code astray.
    """
    content = _renamed(content)
    _check(content, types)
    import skops.io

    from automl.storage.trusted.soundness import check_sound

    try:
        model = skops.io.loads(content, trusted=list(types))
    except Exception as error:  # skops raises whatever the parts raise that it builds
        raise Untrusted(f"it cannot be built ({error or type(error).__name__})") from error
    check_sound(model)
    return model
