"""Read whatever the user has - a path, a frame, an array, a folder - into one `Dataset`, losing nothing silently."""

from automl.intake.assemble import load
from automl.intake.brightness import span
from automl.intake.canvas import on_canvas
from automl.intake.grown import Grown, Rows, grown, joined
from automl.intake.image_columns import pictured
from automl.intake.images import full_path, pictures, pictures_and_range
from automl.intake.masks import COLOURS, colour_name, mask_values
from automl.intake.new_rows import delimited_rows, new_rows
from automl.intake.row_index import UNREAD_ROWS
from automl.intake.sounds import sounds

__all__ = [
    "COLOURS", "UNREAD_ROWS", "Grown", "Rows", "colour_name", "delimited_rows", "full_path", "grown", "joined", "load",
    "mask_values", "new_rows", "on_canvas", "pictured", "pictures", "pictures_and_range", "sounds", "span",
]  # fmt: skip
