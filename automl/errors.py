"""Every error that automl raises on purpose.

    AutomlError
    ├── InputError (ValueError)        the user's input is at fault: exit code 2, no traceback
    │   ├── DataError                  a file, table, array or column is at fault
    │   ├── RecipeError                a recipe key, a flag or an argument is at fault
    │   │   └── NoTarget               a table needs a target, and none was named
    │   ├── FolderError                an output or run folder is at fault
    │   └── BundleError                a saved model that cannot or must not be opened
    ├── MissingExtra (ImportError)     an optional library is needed; names the extra to install
    └── TrialError (RuntimeError)      one fit failed; the contest continues
        ├── Unfit                      a template or baseline does not apply to this task
        └── OutOfTime                  the deadline came before anything usable was fitted

One warning: `OddRowsWarning` (UserWarning), new rows differ from those that a model was trained on.

A message says what was expected, what arrived and what to do next. It is shown through `printable`, so that the name of
a file or column cannot fake a line or control the terminal.
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
    "OddRowsWarning",
    "OutOfTime",
    "RecipeError",
    "TrialError",
    "Unfit",
]


class AutomlError(Exception):
    """Any error that automl raises on purpose; each argument is one line of its message."""

    def __str__(self) -> str:
        return "\n".join(map(printable, self.args))


class InputError(AutomlError, ValueError):
    """The user's input is at fault; nothing was changed and nothing is lost."""


class DataError(InputError):
    """A file, table, array or column cannot be used as it is."""


class RecipeError(InputError):
    """A recipe key, a flag or an argument is unknown, of the wrong type or contradicts another."""


class NoTarget(RecipeError):
    """No target was named for a table that is not a forecast."""


class FolderError(InputError):
    """An output folder is in use, is not writable, or does not hold a run."""


class BundleError(InputError):
    """A saved model is incomplete, was changed, is of another version, or names code that is not automl's."""


class MissingExtra(AutomlError, ImportError):
    """An optional library is not installed; the message names the extra to install."""


class TrialError(AutomlError, RuntimeError):
    """One fit failed; the contest continues without it."""


class Unfit(TrialError):
    """A template or baseline does not apply to this task."""


class OutOfTime(TrialError):
    """The deadline came before anything usable was fitted."""


class OddRowsWarning(UserWarning):
    """New rows differ from those that a model was trained on; predictions were made.

    Silence it by ``on_odd="ignore"``, or by ``warnings.filterwarnings("ignore", category=OddRowsWarning)``.
    """
