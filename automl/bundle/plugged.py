"""Types of plug-ins in a bundle: which there are, who brings them, and what they are called here.

A bundle names them in ``bundle.json``, each under the plug-in that brings it. They are built only where the user has
named this plug-in: a type of a file is found by the file's name, so that the file may lie in another folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl.catalog import PlugIn
from automl.errors import BundleError
from automl.storage.moved_types import renamed
from automl.storage.trusted import check, check_plugged, names_in
from automl.system import shell

__all__ = ["Resolved", "described", "named_types", "packed", "resolve"]

Used = dict[PlugIn, set[str]]
"""The plug-ins whose types models hold, and the names of these types."""


def packed(content: bytes, types: frozenset[str], plug_ins: Sequence[PlugIn], used: Used) -> bytes:
    """A skops file that may hold types of plug-ins, checked, with the names by which a bundle calls them.

    Args:
        content: of the file.
        types: automl's closed list.
        plug_ins: that are known here.
        used: filled with the plug-ins whose types it holds.

    Raises:
        Untrusted: it holds a type that is on no list.
        BundleError: two plug-in files have one name.
    """
    names = names_in(content) - types
    owners = {name: plug_in for name in names for plug_in in plug_ins if plug_in.owns(name)}
    if not owners:
        check(content, types)
        return content
    check_plugged(content, frozenset(owners))
    for name, plug_in in owners.items():
        used.setdefault(plug_in, set()).add(name)
    if len({plug_in.stored_as for plug_in in used}) < len(used):
        twice = ", ".join(plug_in.place for plug_in in used)
        raise BundleError(f"the model holds types of plug-in files of one name ({twice}); rename one of them")
    return renamed(content, moved={plug_in.module: plug_in.stored_as for plug_in in used})


def described(used: Used) -> list[dict[str, Any]]:
    """What ``bundle.json`` says of the plug-ins that a model needs."""
    return [
        {"name": one.name, "module": one.stored_as, "types": sorted(_as_stored(name, one) for name in names)}
        for one, names in sorted(used.items(), key=lambda pair: pair[0].name)
    ]


def _as_stored(name: str, plug_in: PlugIn) -> str:
    module, _, own = name.rpartition(".")
    return f"{plug_in.stored_as}.{own}" if module == plug_in.module else name


def named_types(path: Path, content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What ``bundle.json`` says of the plug-ins that a model needs, checked.

    Raises:
        BundleError: it is no such list.
    """
    entries = content.get("plugins", [])
    for entry in entries:
        is_whole = isinstance(entry, dict) and entry.keys() == {"name", "module", "types"}
        if not is_whole or not all(isinstance(text, str) for text in (entry["name"], entry["module"])):
            raise BundleError(f"{path}: bundle.json names plug-ins in another form; save the model again")
        if not isinstance(entry["types"], list) or not all(isinstance(name, str) for name in entry["types"]):
            raise BundleError(f"{path}: bundle.json names types of plug-ins in another form; save the model again")
    return list(entries)


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the types of plug-ins that a bundle names are called here.

    Attributes:
        moved: module as it is stored → module here.
        types: full names here.
    """

    moved: Mapping[str, str]
    types: frozenset[str]

    def content(self, content: bytes) -> bytes:
        """A skops file of the bundle, with the names of here."""
        return renamed(content, moved=self.moved) if self.types else content


def resolve(path: Path, content: Mapping[str, Any], plug_ins: Sequence[PlugIn]) -> Resolved:
    """Find the types of plug-ins that a bundle names.

    Args:
        path: of the bundle, for messages.
        content: of its index.
        plug_ins: that the user has named.

    Raises:
        BundleError: a plug-in was not named, or does not bring a type.
    """
    moved: dict[str, str] = {}
    types: set[str] = set()
    for entry in named_types(path, content):
        fitting = [one for one in plug_ins if one.stored_as == entry["module"]]
        if not fitting:
            raise BundleError(
                f"{path}: its shallow model is of types of the plug-in {entry['name']!r} ({_listed(entry['types'])}), "
                f"which run as code. To open it, name the plug-in: automl.load(path, plugins=[{entry['name']!r}]), or "
                f"{shell.flag('--plugins', _as_flag(entry['name']))} on the command line; nothing was opened"
            )
        lacking: list[str] = []
        for one in fitting:
            found = {_as_here(name, one) for name in entry["types"]}
            lacking = sorted(name for name in found if not one.owns(name))
            if not lacking:
                moved[one.stored_as] = one.module
                types |= found
                break
        else:
            raise BundleError(
                f"{path}: the plug-in {entry['name']!r} does not bring {_listed(lacking)}, which its shallow model is "
                "of; give the file, or install the version of the package, that it was trained with"
            )
    return Resolved({stored: own for stored, own in moved.items() if stored != own}, frozenset(types))


def _as_here(name: str, plug_in: PlugIn) -> str:
    module, _, own = name.rpartition(".")
    return f"{plug_in.module}.{own}" if module == plug_in.stored_as else name


def _as_flag(name: str) -> str:
    return f"./{name}" if name.endswith(".py") else name


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name.rpartition(".")[2] for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")
