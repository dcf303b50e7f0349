"""One picture file → pixels: what decoding takes is read off its header first, and no program is started for it.

Only formats that Pillow decodes itself are opened (PostScript, for one, would start another program). Pictures of many
pixels are brought to their size strip by strip, which takes a quarter of the memory and gives the same pixels as all at
once, or values that differ by one where Pillow would have begun with the columns; JPEG is decoded at a lower scale.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from automl.intake.files import open_file
from automl.intake.inline import InlinePicture
from automl.intake.limits import MIB, OVERRIDE
from automl.intake.picture_modes import is_deep_colour, plain, read_lower_bits, with_sign

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Allowance", "PictureSource", "UnreadablePicture", "opened", "pixels", "quiet", "upright_size"]

PictureSource = Path | InlinePicture
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
"""Of `files.IMAGE_SUFFIXES`."""
COPIES = {"PNG": 1.25, "BMP": 1.25, "PPM": 1.25, "JPEG": 1.5, "GIF": 2.5, "TIFF": 2.5, "WEBP": 4.0}
"""Of a picture, while its format's decoder is at work."""
PROGRESSIVE_BYTES = 6
"""Of a pixel of a progressive JPEG, which is held as coefficients at full scale."""
WEBP_EXIF = 0x08
"""Bit of a WebP file's flags: it holds notes, which may say that it is to be turned."""
STRIP_PIXELS = 1 << 20
LARGE_PIXELS = 1 << 24
"""Beyond which a picture is brought to its size strip by strip."""
BASE_BYTES = 8 * MIB
ORIENTATION = 0x0112
TURNED = frozenset({5, 6, 7, 8})


class UnreadablePicture(ValueError):
    """The file holds no picture that can be read within the limits. The sentence fits behind a colon."""


class Allowance:
    """Memory that pictures may take together: each thread waits until there is room for its own.

    Args:
        limit_bytes: that may be taken.
    """

    def __init__(self, limit_bytes: float) -> None:
        self.limit_bytes = limit_bytes
        self.most_taken = 0.0
        self._taken = 0.0
        self._changed = threading.Condition()

    @contextmanager
    def taking(self, n_bytes: float) -> Iterator[None]:
        """Hold so much of it; wait for others to give theirs back.

        Raises:
            UnreadablePicture: it is more than there is.
        """
        if n_bytes > self.limit_bytes:
            raise UnreadablePicture(
                f"decoding takes {n_bytes / MIB:,.0f} MiB, and {self.limit_bytes / MIB:,.0f} MiB may be used; make it "
                f"smaller, or give more memory: {OVERRIDE}"
            )
        with self._changed:
            self._changed.wait_for(lambda: self._taken + n_bytes <= self.limit_bytes)
            self._taken += n_bytes
            self.most_taken = max(self.most_taken, self._taken)
        try:
            yield
        finally:
            with self._changed:
                self._taken -= n_bytes
                self._changed.notify_all()


@contextmanager
def quiet() -> Iterator[None]:
    """Let Pillow's warnings pass: of many pixels, which are asked for here, and of damaged notes.

    Warnings are switched for the whole process: to be entered once, and not in each of several threads.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _stream(source: PictureSource) -> BinaryIO:
    return source.open() if isinstance(source, InlinePicture) else open_file(source)


@contextmanager
def opened(path: PictureSource) -> Iterator[Image.Image]:
    """A picture file whose header has been read.

    Raises:
        OSError: there is none, or it is a device or a pipe. UnreadablePicture: it holds too many pixels, or is none.
    """
    from PIL import Image, UnidentifiedImageError

    with _stream(path) as file:
        try:
            image = Image.open(file, formats=FORMATS)
        except UnidentifiedImageError as error:
            raise UnreadablePicture(f"it is none of the formats {', '.join(FORMATS)}") from error
        except Image.DecompressionBombError as error:
            most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
            raise UnreadablePicture(
                f"it has more than {most:,} pixels (PIL.Image.MAX_IMAGE_PIXELS sets half of that); make it smaller"
            ) from error
        with image:
            yield image


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Height and width as a viewer shows them."""
    width, height = image.size
    return (width, height) if _orientation(image) in TURNED else (height, width)


def _orientation(image: Image.Image) -> int:
    """How a picture is to be turned; as it is where that cannot be read, or only after decoding very many pixels."""
    if image.format == "PNG" and "exif" not in image.info and image.width * image.height > LARGE_PIXELS:
        return 1
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # Pillow raises many kinds on damaged notes, which say nothing of the pixels
        return 1


def pixels(
    path: PictureSource, height: int, width: int, allowance: Allowance, blended: Callable[[], None] | None = None
) -> np.ndarray:
    """A picture of this size, upright, transparency on white.

    Args:
        path: of the file, or an image in a cell.
        height: wanted, pixels.
        width: wanted, pixels.
        allowance: for all that are decoded at once.
        blended: called where the picture has transparent pixels.

    Returns:
        Shape (height, width) where it is grey, else (height, width, 3), uint8; float32 of the file's own values where
        it has more than eight bits (`brightness.scaled` makes them uint8).

    Raises:
        UnreadablePicture: it cannot be read within the limits. OSError, ValueError and others: the file is damaged.
    """
    canvas = _webp_canvas(path)
    if canvas is not None:
        with allowance.taking(_webp_bytes(*canvas, height, width)), opened(path) as image:
            image.load()
            return np.asarray(_sized(_upright(with_sign(image)), height, width, blended))
    with opened(path) as image:
        if is_deep_colour(image) and image.width * image.height <= LARGE_PIXELS:
            with allowance.taking(2 * _decoding_bytes(image, height, width)):
                return _deep_colour(path, height, width)
        image.draft(None, (2 * width, 2 * height))  # JPEG decodes faster to about this size
        with allowance.taking(_decoding_bytes(image, height, width)):
            image.load()
            return np.asarray(_sized(_upright(with_sign(image)), height, width, blended))


def _deep_colour(path: PictureSource, height: int, width: int) -> np.ndarray:
    """A picture in colour of 16 bits: its upper and its lower bytes are decoded in turn.

    Returns:
        Shape (height, width, 3), float32.
    """
    from PIL import Image

    parts = []
    for is_lower in (False, True):
        with opened(path) as image:
            if is_lower:
                read_lower_bits(image)
            image.load()
            bands = [band.convert("F") for band in _upright(image).split()]
        size, resample = (width, height), Image.Resampling.BILINEAR
        parts.append(np.stack([np.asarray(band.resize(size, resample)) for band in bands], axis=-1))
    both: np.ndarray = parts[0] * np.float32(256.0) + parts[1]
    return both


def _webp_canvas(path: PictureSource) -> tuple[int, int, bool] | None:
    """Columns and rows of a WebP file, and whether it may be turned; None for another, and where none can be read.

    Pillow gives the whole canvas its memory, twice, as it opens the file: its size must be known before.
    """
    with _stream(path) as file:
        head = file.read(30)
    if len(head) < 30 or head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return None
    kind = head[12:16]
    if kind == b"VP8X":
        return (
            int.from_bytes(head[24:27], "little") + 1,
            int.from_bytes(head[27:30], "little") + 1,
            bool(head[20] & WEBP_EXIF),
        )
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, False
    if kind == b"VP8 ":
        return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF, False
    return None


def _webp_bytes(columns: int, rows: int, may_turn: bool, height: int, width: int) -> float:
    whole = 4.0 * columns * rows
    return whole * (COPIES["WEBP"] + may_turn) + _sizing_bytes(columns, rows, height, width) + BASE_BYTES


def _decoding_bytes(image: Image.Image, height: int, width: int) -> float:
    """What decoding a picture and bringing it to its size takes."""
    from PIL import ImageMode

    columns, rows = image.size
    n_bytes = {"L": 1, "P": 1, "1": 1}.get(image.mode, 4)
    if image.mode.startswith("I;16"):
        n_bytes = np.dtype(ImageMode.getmode(image.mode).typestr).itemsize
    whole = float(columns * rows * n_bytes)
    taken = whole * (COPIES.get(str(image.format), 4.0) + (_orientation(image) != 1))
    if image.info.get("progressive"):
        scale = int((getattr(image, "decoderconfig", None) or (1,))[0])  # that `draft` has set, a side
        taken += PROGRESSIVE_BYTES * columns * rows * scale * scale
    return taken + _sizing_bytes(columns, rows, height, width) + BASE_BYTES


def _sizing_bytes(columns: int, rows: int, height: int, width: int) -> float:
    """What bringing a decoded picture to its size takes."""
    if columns * rows > LARGE_PIXELS:
        return 4.0 * max(width, height) * max(rows, columns) + 32 * STRIP_PIXELS
    return 4 * 5.0 * columns * rows


def _upright(image: Image.Image) -> Image.Image:
    from PIL import Image

    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    turn = turns.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _sized(image: Image.Image, height: int, width: int, blended: Callable[[], None] | None) -> Image.Image:
    """A picture of mode L (grey), RGB or F (more than eight bits), of this size.

    Bilinear resizing first brings each row to its width, then each column to its height: rows may go strip by strip.
    """
    from PIL import Image

    columns, rows = image.size
    if columns * rows <= LARGE_PIXELS or rows == height:
        image = plain(image, blended)
        return image if image.size == (width, height) else image.resize((width, height), Image.Resampling.BILINEAR)
    strip, narrow = max(1, STRIP_PIXELS // columns), None
    for top in range(0, rows, strip):
        part = plain(image.crop((0, top, columns, min(top + strip, rows))), blended)
        if part.width != width:
            part = part.resize((width, part.height), Image.Resampling.BILINEAR)
        if narrow is None:
            narrow = Image.new(part.mode, (width, rows))
        narrow.paste(part, (0, top))
    assert narrow is not None
    return narrow.resize((width, height), Image.Resampling.BILINEAR)
