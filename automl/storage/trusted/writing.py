"""Writing a shallow model as a file of skops."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

__all__ = ["dumps"]

_ONE_AT_A_TIME = threading.Lock()


def dumps(model: Any, compression: int = zipfile.ZIP_STORED) -> bytes:
    """A model as `skops.io.dumps` writes it, but for the blanks in its description.

    skops indents the description, and Python's json has no quick encoder for that: of a model of many trees it took
    ten times as long as all the rest.

    Args:
        model: the fitted model.
        compression: of the file's members, as `zipfile` names it.
    """
    import skops.io

    with _not_indented(skops.io):
        content: bytes = skops.io.dumps(model, compression=compression)
    return content


@contextmanager
def _not_indented(library: Any) -> Iterator[None]:
    """Within it skops writes plain JSON, if it is found to use Python's json; a description is equal either way."""
    module = getattr(library, "_persist", None)
    with _ONE_AT_A_TIME:
        if module is None or getattr(module, "json", None) is not json:
            yield
            return
        module.json = SimpleNamespace(dumps=lambda state, indent=None: json.dumps(state), loads=json.loads)
        try:
            yield
        finally:
            module.json = json
