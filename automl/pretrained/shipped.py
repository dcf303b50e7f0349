"""Backbones that ship with automl, by name: toys for recipes that run offline (``automl/data/README.md``)."""

from __future__ import annotations

import os

__all__ = ["FOLDERS", "place_of"]

FOLDERS = {"automl:letters": "letters", "automl:word_vectors": "word_vectors"}
"""The name of a backbone → its folder in ``automl/data``."""


def place_of(folder: str | os.PathLike[str]) -> str:
    """The path of a folder, or of the shipped backbone that it names."""
    from importlib import resources

    name = os.fspath(folder)
    return str(resources.files("automl") / "data" / FOLDERS[name]) if name in FOLDERS else name
