"""Every error that automl raises on purpose.

    AutomlError
    ├── InputError (ValueError)        the user's input is at fault: exit code 2, no traceback
    │   ├── DataError                  a file, table, array or column
    │   ├── RecipeError                a recipe key, a flag, an argument
    │   │   └── NoTarget               a table needs a target, and none was named
    │   ├── FolderError                an output or run folder
    │   └── BundleError                a saved model that cannot or must not be opened
    ├── MissingExtra (ImportError)     an optional library is needed; names the extra to install
    └── TrialError (RuntimeError)      this fit failed; the contest goes on
        ├── Unfit                      a template or baseline says "not for me"
        └── OutOfTime                  the deadline came before anything usable was fitted

A message says what was expected, what arrived and what to do next. Names in it are shown as `printable` spells them,
so that a file's name cannot fake a line or act on the screen.
"""

from __future__ import annotations

from automl.system.printable import printable

__all__ = [
    "AutomlError",
    "BundleError",
    "DataError",
    "FolderError",
    "InputError",
    "MissingExtra",
    "NoTarget",
    "OutOfTime",
    "RecipeError",
    "TrialError",
    "Unfit",
]


class AutomlError(Exception):
    """Any error that automl raises on purpose; each argument is a line."""

    def __str__(self) -> str:
        return "\n".join(map(printable, self.args))


class InputError(AutomlError, ValueError):
    """The user's input is at fault; nothing was changed and nothing is lost."""


class DataError(InputError):
    """A file, table, array or column cannot be used as it is."""


class RecipeError(InputError):
    """A recipe key, a flag or an argument is unknown, of the wrong type or contradicts another."""


class NoTarget(RecipeError):
    """A table is no forecast, and no column to predict was named."""


class FolderError(InputError):
    """An output folder is in use, is not writable, or holds no run."""


class BundleError(InputError):
    """A saved model is incomplete, altered, of another version, or names code that is not ours."""


class MissingExtra(AutomlError, ImportError):
    """An optional library is not installed; the message names the extra that brings it."""


class TrialError(AutomlError, RuntimeError):
    """One fit failed; the contest goes on without it."""


class Unfit(TrialError):
    """A template or baseline does not apply to this task."""


class OutOfTime(TrialError):
    """The deadline came before anything usable was fitted."""
