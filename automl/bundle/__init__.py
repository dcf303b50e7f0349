"""Saves and opens bundles: folders with the models of a contest, which can be opened anywhere and never run code.

- ``bundle.json``: schema version, task, recipe, result, library versions, the SHA-256 of every other file and of itself
- ``deep-<i>.keras``, ``shallow-<i>.skops``: the finalists, one file per model (member and seed)
- ``encoder.json`` + ``encoder.npz``: states of encoder, codec and decisions, and scores of held-out rows for intervals
  and sets, as plain values and arrays; a blend has no model of its own
- ``report.html``: the report, if there is one

The hashes detect damage; they do not prove who wrote the folder. Three rules keep a stranger's folder from running
code: no pickle is read; every class that a Keras file names must belong to Keras or automl (checked in the file, before
Keras reads it); and skops builds only types from a closed list.
"""

from automl.bundle.opening import Opened, open  # noqa: A004
from automl.bundle.saving import save
from automl.bundle.tasks import task_from_dict, task_to_dict

__all__ = ["Opened", "open", "save", "task_from_dict", "task_to_dict"]
