"""The command line. Every command makes a recipe or opens a folder, and calls `automl.api` with it."""

from automl.cli.app import main

__all__ = ["main"]
