"""The command line: every command makes a recipe or opens a folder and hands it to `automl.api`."""

from automl.cli.app import main

__all__ = ["main"]
