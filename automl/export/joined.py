"""The reader as one file: `automl.export.reader`, and the modules that make a shallow model's features.

Such a module (see `automl.baselines.features.plain`, or one of a plug-in) imports NumPy and the standard library alone.
Its source is taken as it stands, without docstring and imports, which are collected. So an export computes features by
the same lines as the model.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Iterable

from automl.errors import DataError
from automl.export import reader

__all__ = ["names_of_maker", "reader_source"]

Module = tuple[list[str], list[str], str, list[str]]


def names_of_maker(maker: str) -> tuple[str, str]:
    """Module and function of ``"module:function"``."""
    module, _, function = maker.partition(":")
    return module, function


def reader_source(makers: Iterable[str]) -> str:
    """The source of a reader that knows these makers of features.

    Args:
        makers: ``"module:function"`` each.

    Raises:
        DataError: a module imports more than NumPy and the standard library, or two of them define one name.
    """
    wanted = sorted({*makers})
    modules: dict[str, Module] = {}
    for maker in wanted:
        _collect(names_of_maker(maker)[0], modules)
    own = inspect.getsource(reader)
    if not modules:
        return own
    _check_names(own, modules)
    lines = own.splitlines()
    imports = [line for imported, _, _, _ in modules.values() for line in imported]
    known = {line for line in lines if line.startswith(("import ", "from "))}
    new = [line for line in dict.fromkeys(imports) if line not in known]
    at = lines.index("import numpy as np")
    parts = ["\n".join([*lines[:at], *new, *lines[at:]]).rstrip()]
    for maker in wanted:
        module, function = names_of_maker(maker)
        if function not in modules[module][3]:
            raise DataError(f"{module} makes features of a shallow model; expected a function {function!r} in it")
    parts += [f"# {'-' * 75} {name.rpartition('.')[2]}\n\n{body}" for name, (_, _, body, _) in modules.items()]
    table = ", ".join(f'"{maker}": {names_of_maker(maker)[1]}' for maker in wanted)
    return "\n\n\n".join([*parts, f"MAKERS.update({{{table}}})"]) + "\n"


def _collect(name: str, modules: dict[str, Module]) -> None:
    """Read a module and, before it, those that it imports from beside itself."""
    if name in modules:
        return
    source = inspect.getsource(importlib.import_module(name))
    found = _taken_apart(name, source)
    for other in found[1]:
        _collect(other, modules)
    modules[name] = found


def _taken_apart(name: str, source: str) -> Module:
    """Lines of imports, modules that must stand before, the body, and the names that it defines."""
    imports: list[str] = []
    others: list[str] = []
    names: list[str] = []
    lines = source.splitlines()
    for place, node in enumerate(ast.parse(source).body):
        drop = place == 0 and isinstance(node, ast.Expr)
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            if _is_plain(node.module or ""):
                imports.append(ast.unparse(node))
            elif node.level == 0 and not any(alias.asname for alias in node.names):
                others.append(str(node.module))
            else:
                raise DataError(f"{name}: expected 'from module import name' of other modules, got {ast.unparse(node)}")
        elif isinstance(node, ast.Import):
            if not all(_is_plain(alias.name) for alias in node.names):
                raise DataError(
                    f"{name} makes features of a shallow model and is to go into an exported reader; expected imports "
                    f"of NumPy and the standard library alone, got {ast.unparse(node)}"
                )
            imports.append(ast.unparse(node))
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
            _check_inner_imports(name, node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            own = [target.id for target in targets if isinstance(target, ast.Name)]
            names += [one for one in own if one != "__all__"]
            drop = drop or own == ["__all__"]
        if drop or isinstance(node, ast.Import | ast.ImportFrom):
            for line in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[line] = ""
    return imports, others, "\n".join(lines).strip(), names


def _check_inner_imports(name: str, node: ast.AST) -> None:
    """What a function imports when it runs, must lie beside an exported reader too."""
    for inner in ast.walk(node):
        imported = [alias.name for alias in inner.names] if isinstance(inner, ast.Import) else []
        if isinstance(inner, ast.ImportFrom):
            imported = ["." * inner.level + (inner.module or "")]
        if not all(map(_is_plain, imported)):
            raise DataError(
                f"{name} makes features of a shallow model and is to go into an exported reader; expected imports of "
                f"NumPy and the standard library alone within functions, got {ast.unparse(inner)}"
            )


def _is_plain(module: str) -> bool:
    root = module.split(".")[0]
    return root == "numpy" or root in sys.stdlib_module_names


def _check_names(own: str, modules: dict[str, Module]) -> None:
    taken = dict.fromkeys(_taken_apart("reader", own)[3], "the reader")
    for name, (_, _, _, names) in modules.items():
        for one in names:
            if one in taken:
                raise DataError(
                    f"{one!r} is defined by {name} and by {taken[one]}; expected names of its own, rename it"
                )
            taken[one] = name
