"""What is installed beside automl, read again only when a folder of packages has changed."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from importlib import metadata

__all__ = ["Places", "packages", "places"]

Places = tuple[tuple[str, int], ...]


def places() -> Places:
    """Each folder in which Python looks for packages, and when it last changed, in ns; 0 if it is not there."""
    return tuple((place, _changed(place)) for place in sys.path)


def packages() -> dict[str, str]:
    """Version of each installed package, by its name."""
    return dict(_packages(places()))


def _changed(place: str) -> int:
    try:
        return os.stat(place or ".").st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=4)
def _packages(_: Places) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for one in metadata.distributions():
        name, version = _named(one)
        if name:
            found.setdefault(name, version)
    return tuple(sorted(found.items(), key=lambda pair: pair[0].lower()))


def _named(one: metadata.Distribution) -> tuple[str, str]:
    """Name and version of a package, "" where there is none.

    They stand in the lines before the first blank one. To parse the whole file, which often holds a package's
    description, takes ten times as long, more than a second for some hundred packages.
    """
    text = one.read_text("METADATA") or one.read_text("PKG-INFO") or ""
    fields = dict.fromkeys(("name", "version"), "")
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if not line.strip():
            break
        if colon and not fields.get(key.lower(), "full"):
            fields[key.lower()] = value.strip()
    if all(fields.values()):
        return fields["name"], fields["version"]
    name = one.metadata["Name"]
    return (str(name), str(one.version)) if name else ("", "")
