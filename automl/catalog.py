"""Finds members (templates, baselines, metrics, ...) by their record type, in automl's packages and in plug-ins.

This is the only module that imports modules by name. A member is any module-level constant of the record type. Those of
automl are found by importing every module of a package. Others come from installed packages (entry points of the group
"automl.plugins", each naming a module or a constant) and from files given to `extend`.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeVar

from automl.errors import RecipeError
from automl.records import PLUGIN_GROUP, Baseline, Goal, Metric, Modality, Template
from automl.system.installed import Places, places

__all__ = ["GROUP", "PlugIn", "bringer", "extend", "members", "plug_ins", "template_loader", "title_of"]

GROUP = PLUGIN_GROUP
Member = TypeVar("Member")
FILE_PREFIX = "automl_plugin_"
_FILES: dict[Path, ModuleType] = {}


@dataclass(frozen=True, slots=True)
class PlugIn:
    """What a plug-in brings beside its members: the types of which their fitted models consist.

    Attributes:
        name: a file's name, or the name of an entry point.
        place: the file's path, or the same name: what `extend` takes.
        module: of the file, or the one that the entry point names.
        stored_as: name of the module in stored models; a file's module has its path in it, and is not called so there.
        declared: types of other libraries that its baselines declare.
    """

    name: str
    place: str
    module: str
    stored_as: str
    declared: frozenset[str] = frozenset()

    @property
    def is_file(self) -> bool:
        """Whether it is a file, and no part of an installed package."""
        return self.module != self.stored_as

    def owns(self, name: str) -> bool:
        """Whether a type or function, as ``module.name``, is defined in this file, or in this package; or declared."""
        module, _, own = name.rpartition(".")
        package = self.module.partition(".")[0]
        is_here = module == self.module if self.is_file else f"{module}.".startswith(f"{package}.")
        found = getattr(sys.modules.get(module), own, None) if is_here else None  # what a file names is never imported
        is_own = isinstance(found, type | FunctionType) and found.__module__ == module
        return is_own or name in self.declared


def plug_ins(named: Sequence[str | Path] | None = None) -> tuple[PlugIn, ...]:
    """The plug-ins of these names, which `extend` imported before; None for all that are known.

    Args:
        named: as in `extend`.
    """
    files = {path: _of_file(path, module) for path, module in _FILES.items()}
    points = {point.name: point for point in _installed()}
    if named is None:
        return (*files.values(), *(one for point in points.values() if (one := _of_point(point)) is not None))
    found: list[PlugIn | None] = []
    for plugin in named:
        if _is_name(plugin):
            found.append(_of_point(points[str(plugin)]) if str(plugin) in points else None)
        else:
            found.append(files.get(Path(plugin).expanduser().resolve()))
    return tuple(one for one in found if one is not None)


def bringer(member: Any) -> str:
    """The name of the plug-in that brings a member, as `PlugIn.name`; empty for one of automl's own."""
    for path, module in _FILES.items():
        if any(value is member for value in vars(module).values()):
            return path.name
    for point in _installed():
        loaded = point.load()  # it was loaded before, or its member would not be here
        if loaded is member or (isinstance(loaded, ModuleType) and any(v is member for v in vars(loaded).values())):
            return point.name
    return ""


def _of_file(path: Path, module: ModuleType) -> PlugIn:
    stored_as = f"{FILE_PREFIX}{path.stem}"
    return PlugIn(path.name, str(path), module.__name__, stored_as, _declared(_constants(module)))


def _of_point(point: EntryPoint) -> PlugIn | None:
    """None where it cannot be imported, of which `members` tells."""
    try:
        loaded = point.load()
    except Exception:  # a package of somebody's own
        return None
    values = _constants(loaded) if isinstance(loaded, ModuleType) else [("", loaded)]
    return PlugIn(point.name, point.name, point.module, point.module, _declared(values))


def _declared(values: Iterable[tuple[str, Any]]) -> frozenset[str]:
    return frozenset(name for _, value in values if isinstance(value, Baseline) for name in value.types)


def members(record_type: type[Member], package: str) -> dict[str, Member]:
    """All members of one record type, by name.

    Args:
        record_type: such as `automl.records.Template`.
        package: the package of automl that holds its own, such as "automl.templates".

    Returns:
        Those of automl in the order of their modules' names, then those of entry points, then those of files.

    Raises:
        RecipeError: two different members have the same name, or a plug-in cannot be imported.
    """
    by_name: dict[str, Member] = {}
    origins: dict[str, str] = {}
    for origin, value in _values(package):
        if not isinstance(value, record_type):
            continue
        name = str(getattr(value, "name", ""))
        if name in by_name and by_name[name] is not value:
            raise RecipeError(
                f"expected one {record_type.__name__} of the name {name!r}; found one in {origins[name]} and another "
                f"in {origin}. Rename one of them"
            )
        if name not in by_name:
            by_name[name], origins[name] = value, origin
    return by_name


def extend(plugins: Sequence[str | Path]) -> tuple[ModuleType, ...]:
    """Import plug-in files, so that `members` finds what they define. A file is imported only once.

    `members` finds all installed entry points in any case; naming one here checks that it is installed. Metrics,
    goals and modalities are registered with `automl.metrics`, `automl.goals` and `automl.modalities`, which must not
    import this module.

    Files run as code. Accept them only from the author of a Python script, never from a recipe.

    Args:
        plugins: paths of Python files, and names of entry points of the group "automl.plugins".

    Returns:
        The imported modules of the files, in the order given.

    Raises:
        RecipeError: a file is missing or cannot be imported, no entry point has the name, or a metric, a goal or a
            modality has the name of one included in automl.
    """
    files = [plugin for plugin in plugins if not _is_name(plugin)]
    installed = {point.name for point in _installed()} if len(files) < len(plugins) else set()
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
    """Whether it is the name of an entry point, not a file."""
    return isinstance(plugin, str) and not plugin.endswith(".py") and "/" not in plugin and "\\" not in plugin


def _import_file(path: Path) -> ModuleType:
    if path in _FILES:
        return _FILES[path]
    if path.suffix != ".py" or not path.is_file():
        raise RecipeError(f"expected plugins to be Python files; {str(path)!r} is not one. Check the path")
    name = f"{FILE_PREFIX}{path.stem}_{sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # a .py file always has a loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs, because dataclasses and pickle look modules up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise RecipeError(f"plug-in {path} cannot be imported ({type(error).__name__}: {error}). Correct it") from error
    _FILES[path] = module
    return module


def _installed() -> tuple[EntryPoint, ...]:
    """Entry points of plug-ins in the order of their names, read again when a folder of packages has changed."""
    return _entry_points(entry_points, places())


@functools.lru_cache(maxsize=4)
def _entry_points(read: Callable[..., Iterable[EntryPoint]], _: Places) -> tuple[EntryPoint, ...]:
    return tuple(sorted(read(group=GROUP), key=lambda point: (point.name, point.value)))


def _values(package: str) -> Iterator[tuple[str, Any]]:
    """Every candidate as (origin, value)."""
    for module in _modules(package):
        yield from _constants(module)
    for point in _installed():
        try:
            loaded = point.load()
        except Exception as error:
            owner = point.dist.name if point.dist else "an installed package"
            raise RecipeError(
                f"plug-in {point.name!r} of {owner} cannot be imported ({type(error).__name__}: {error}). "
                f"Repair or uninstall {owner}"
            ) from error
        yield from _constants(loaded) if isinstance(loaded, ModuleType) else [(f"entry point {point.name!r}", loaded)]
    for module in _FILES.values():
        yield from _constants(module)


def _modules(package: str) -> Iterator[ModuleType]:
    room = importlib.import_module(package)
    yield room
    for name in _names(package, tuple(getattr(room, "__path__", ()))):
        yield importlib.import_module(name)


@functools.lru_cache(maxsize=32)
def _names(package: str, folders: tuple[str, ...]) -> tuple[str, ...]:
    """Names of a package's modules, for which its folders are read once: a contest asks for members some 80 times."""
    return tuple(f"{package}.{info.name}" for info in pkgutil.iter_modules(list(folders)))


def _constants(module: ModuleType) -> Iterator[tuple[str, Any]]:
    where = module.__file__ if module.__name__.startswith(FILE_PREFIX) else module.__name__
    for value in vars(module).values():
        yield str(where), value


def template_loader(files: Sequence[str]) -> Callable[[], Mapping[str, Template]]:
    """A picklable function that returns the templates by name, for use in another process.

    Args:
        files: plug-in files, which must have the same paths there.
    """
    return functools.partial(_shipped_templates, tuple(str(Path(file).expanduser().resolve()) for file in files))


def _shipped_templates(files: Sequence[str]) -> Mapping[str, Template]:
    extend(files)
    return members(Template, "automl.templates")


def title_of(family: str) -> str:
    """The name that people know a family by: its `title`, else its name in words."""
    return _titles(tuple(_FILES.values()), _installed()).get(family) or family.replace("_", " ")


@functools.lru_cache(maxsize=4)
def _titles(files: tuple[ModuleType, ...], points: tuple[EntryPoint, ...]) -> dict[str, str]:
    """Title of each family, kept for the same plug-ins, since a page asks for some fifty."""
    titles: dict[str, str] = {}
    for known in (members(Template, "automl.templates"), members(Baseline, "automl.baselines")):
        for name, member in known.items():
            if member.title:
                titles.setdefault(name, str(member.title))
    return titles
