"""Where classes lie now that stored models name by an earlier place; such models open as ever.

skops notes the module of each class in ``schema.json``. The names are changed there, in memory and before anything is
checked, so that the closed list of types holds today's names only.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

__all__ = ["MOVED", "renamed"]

MOVED: Mapping[str, str] = {
    "_loss": "sklearn._loss._loss",  # scikit-learn before 1.9 gives the classes of its losses this module
    "automl.baselines.boosters": "automl.baselines.learners.boosters",
    "automl.baselines.columns": "automl.baselines.features.columns",
    "automl.baselines.convolutions": "automl.baselines.features.convolutions",
    "automl.baselines.gradients": "automl.baselines.features.gradients",
    "automl.baselines.learners": "automl.baselines.learners.linear",
    "automl.baselines.neighbours": "automl.baselines.learners.neighbours",
    "automl.baselines.summaries": "automl.baselines.features.summaries",
    "automl.baselines.trees": "automl.baselines.learners.trees",
    "automl.baselines.trigrams": "automl.baselines.features.trigrams",
    "automl.baselines.vectors": "automl.baselines.learners.vectors",
    "automl.baselines.words": "automl.baselines.features.words",
}
"""Module that a model saved by version 0.1 may name → module that holds the class now."""

SCHEMA = "schema.json"
ANY = re.compile(".*", re.DOTALL)
RATIO = 100
LEAST_BYTES = 256 * 2**20
JSON_FACTOR = 16
"""Times its length that a JSON text takes once it is parsed."""
FAULTS = (
    zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError, EOFError, NotImplementedError, RuntimeError,
    RecursionError,
)  # fmt: skip


def renamed(
    content: bytes,
    limit_bytes: float | None = None,
    members: re.Pattern[str] = ANY,
    moved: Mapping[str, str] = MOVED,
) -> bytes:
    """A skops file with today's names of modules.

    Nothing is built or judged here: a file that is damaged, too large for its size or no such file comes back as it
    is, for the check that follows to say so.

    Args:
        content: of the file.
        limit_bytes: most that its members may take together, unpacked; None for a hundred times its size.
        members: what a member may be called. A file with another one is not packed anew, however many it has.
        moved: module that the file may name → what it is called now.

    Returns:
        The content itself where it names no class that has moved.
    """
    limit = max(LEAST_BYTES, RATIO * len(content)) if limit_bytes is None else limit_bytes
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            names = {info.filename for info in infos}
            if not all(members.fullmatch(name) for name in names):
                return content
            if len(names) < len(infos) or sum(info.file_size for info in infos) > limit:
                return content
            text = archive.read(SCHEMA).decode("utf-8")
            if JSON_FACTOR * len(text) > limit or not any(f'"{old}"' in text for old in moved):
                return content
            schema = json.dumps(_with_new_names(json.loads(text), moved))
            made = io.BytesIO()
            with zipfile.ZipFile(made, "w") as copy:
                for info in infos:
                    copy.writestr(info.filename, schema if info.filename == SCHEMA else archive.read(info))
            return made.getvalue()
    except FAULTS:
        return content


def _with_new_names(schema: Any, moved: Mapping[str, str]) -> Any:
    """The same description; wherever a class is named, its module as it is called now."""
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            module = node.get("__module__")
            if isinstance(module, str) and "__class__" in node:
                node["__module__"] = moved.get(module, module)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return schema
