"""Exports of saved models: files of other runtimes, and scripts that train a finalist anew.

`export` writes a folder with the model in one of `formats.FORMATS`, what is done to cells before it
(``preprocess.json``), a reader of that in plain NumPy (``reader.py``) and a manifest (``export.json``).
"""

from __future__ import annotations

from automl.export.write import Exported, export

__all__ = ["Exported", "export"]
