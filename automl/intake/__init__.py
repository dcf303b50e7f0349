"""Read whatever the user has - a path, a frame, an array, a folder - into one `Dataset`, losing nothing silently."""

from automl.load.assemble import load
from automl.load.images import pictures
from automl.load.pixels import span
from automl.load.rows import new_rows

__all__ = ["load", "new_rows", "pictures", "span"]
