"""Templates as another process finds them: ours, those of installed plug-ins, and those of files."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from automl import catalog
from automl.records import Template

__all__ = ["loader"]


def loader(files: Sequence[str]) -> Callable[[], Mapping[str, Template]]:
    """A function that can be sent to another process, where it gives templates by name.

    Args:
        files: plug-in files, which must lie at the same place there.
    """
    return functools.partial(_templates, tuple(str(Path(file).expanduser().resolve()) for file in files))


def _templates(files: Sequence[str]) -> Mapping[str, Template]:
    catalog.extend(files)
    return catalog.members(Template, "automl.templates")
