"""The only dynamic importer: finds members by their record type, in a room's folder and in plug-ins.

A member is any module-level constant of the record type. Ours are found by importing every module of the room;
others come from installed packages (entry points of the group "automl.plugins", each naming a module or a constant)
and from files given to `extend`.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from automl.errors import RecipeError
from automl.records import PLUGIN_GROUP, Goal, Metric, Modality, Template

__all__ = ["GROUP", "extend", "members", "template_loader"]

GROUP = PLUGIN_GROUP
Member = TypeVar("Member")
_FILES: dict[Path, ModuleType] = {}


def members(record_type: type[Member], package: str) -> dict[str, Member]:
    """All members of one kind, by name.

    Args:
        record_type: such as `automl.records.Template`.
        package: the room that holds ours, "automl.templates".

    Returns:
        Ours in the order of their modules' names, then those of entry points, then those of files.

    Raises:
        RecipeError: two different members have one name, or a plug-in cannot be imported.
    """
    found: dict[str, Member] = {}
    origins: dict[str, str] = {}
    for origin, value in _values(package):
        if not isinstance(value, record_type):
            continue
        name = str(getattr(value, "name", ""))
        if name in found and found[name] is not value:
            raise RecipeError(
                f"expected one {record_type.__name__} of the name {name!r}; found one in {origins[name]} and another "
                f"in {origin}. Rename one of them"
            )
        if name not in found:
            found[name], origins[name] = value, origin
    return found


def extend(plugins: Sequence[str | Path]) -> tuple[ModuleType, ...]:
    """Import plug-in files, so that `members` finds what they hold; a file given again is not imported again.

    Entry points are found by `members` in any case; naming one makes sure that it is installed. Metrics, goals and
    modalities are made known to `automl.metrics`, `automl.goals` and `automl.modalities`, which cannot ask.

    Files run as code: take them from a Python script's own author only, never from a recipe.

    Args:
        plugins: paths of Python files, and names of entry points of the group "automl.plugins".

    Returns:
        The imported modules of the files, in the order given.

    Raises:
        RecipeError: a file is missing or cannot be imported, no entry point has the name, or a metric, a goal or a
            modality has the name of one that ships with automl.
    """
    files = [plugin for plugin in plugins if not _is_name(plugin)]
    installed = {point.name for point in entry_points(group=GROUP)} if len(files) < len(plugins) else set()
    for plugin in plugins:
        if _is_name(plugin) and str(plugin) not in installed:
            there = f"installed are {', '.join(sorted(installed))}" if installed else "none is installed"
            raise RecipeError(
                f"plugins: no entry point of the group {GROUP!r} has the name {str(plugin)!r} ({there}). Install the "
                "package that brings it, or give a Python file, such as './mine.py'"
            )
    imported = tuple(_import_file(Path(file).expanduser().resolve()) for file in files)
    from automl import goals, metrics, modalities

    metrics.plug_in(members(Metric, "automl.metrics").values())
    goals.plug_in(members(Goal, "automl.goals").values())
    modalities.plug_in(members(Modality, "automl.modalities").values())
    return imported


def _is_name(plugin: str | Path) -> bool:
    """Whether an entry point is meant, and no file."""
    return isinstance(plugin, str) and not plugin.endswith(".py") and "/" not in plugin and "\\" not in plugin


def _import_file(path: Path) -> ModuleType:
    if path in _FILES:
        return _FILES[path]
    if path.suffix != ".py" or not path.is_file():
        raise RecipeError(f"expected plugins to be Python files; {str(path)!r} is none. Check the path")
    name = f"automl_plugin_{path.stem}_{sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # a .py file always has a loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: dataclasses and pickling look modules up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise RecipeError(f"plug-in {path} cannot be imported ({type(error).__name__}: {error}). Mend it") from error
    _FILES[path] = module
    return module


def _values(package: str) -> Iterator[tuple[str, Any]]:
    """(where from, value) of every candidate."""
    for module in _modules(package):
        yield from _constants(module)
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        try:
            loaded = point.load()
        except Exception as error:
            owner = point.dist.name if point.dist else "an installed package"
            raise RecipeError(
                f"plug-in {point.name!r} of {owner} cannot be imported ({type(error).__name__}: {error}). "
                f"Mend or uninstall {owner}"
            ) from error
        yield from _constants(loaded) if isinstance(loaded, ModuleType) else [(f"entry point {point.name!r}", loaded)]
    for module in _FILES.values():
        yield from _constants(module)


def _modules(package: str) -> Iterator[ModuleType]:
    room = importlib.import_module(package)
    yield room
    for info in pkgutil.iter_modules(getattr(room, "__path__", [])):
        yield importlib.import_module(f"{package}.{info.name}")


def _constants(module: ModuleType) -> Iterator[tuple[str, Any]]:
    where = module.__file__ if module.__name__.startswith("automl_plugin_") else module.__name__
    for value in vars(module).values():
        yield str(where), value


def template_loader(files: Sequence[str]) -> Callable[[], Mapping[str, Template]]:
    """A function that can be sent to another process, where it gives templates by name.

    Args:
        files: plug-in files, which must lie at the same place there.
    """
    return functools.partial(_shipped_templates, tuple(str(Path(file).expanduser().resolve()) for file in files))


def _shipped_templates(files: Sequence[str]) -> Mapping[str, Template]:
    extend(files)
    return members(Template, "automl.templates")
