"""What the user should know of rows, target and split before trusting a score. Each check is one function."""

from automl.audit.examine import examine

__all__ = ["examine"]
