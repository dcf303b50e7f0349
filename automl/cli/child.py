"""Runs a command as a part of a job of several: it ends when the process that started it ends.

python -m automl.cli.child PARENT_ID run recipe.yaml ...
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> int:
    """Run the command after the parent's process id; returns its exit code."""
    from automl import cli
    from automl.system import processes

    parent = sys.argv.pop(1)
    processes.end_with(int(parent))
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
