"""Pictures of a section keep all that they show."""

import base64
import io

import numpy as np
from PIL import Image

from automl.report.sections.errors import picture


def test_a_grey_picture_without_channels_keeps_its_width():
    for shape in ((6, 20), (6, 20, 1), (6, 20, 3)):
        content = base64.b64decode(picture(np.zeros(shape, np.uint8)).partition(",")[2])
        assert Image.open(io.BytesIO(content)).size == (20, 6)
