"""A saved contest: a folder that opens anywhere and never runs code of its own.

- ``bundle.json``: schema version, task, recipe, result, library versions, the SHA-256 of every other file and of itself
- ``deep-<i>.keras``, ``shallow-<i>.skops``: the finalists, one file a seed
- ``encoder.json`` + ``encoder.npz``: states of encoder, codec and decisions, as plain values and arrays
- ``report.html``: the page, where one was given

The hashes notice damage; they do not prove who wrote the folder. What keeps a stranger's folder from running code is
that no pickle is read, that every class a Keras file names must be one of Keras's or ours (checked in the file, before
Keras sees it), and that skops builds types of a closed list only.
"""

from automl.bundle.opening import Opened, open  # noqa: A004
from automl.bundle.saving import save
from automl.bundle.tasks import task_from_dict, task_to_dict

__all__ = ["Opened", "open", "save", "task_from_dict", "task_to_dict"]
