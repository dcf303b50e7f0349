"""Image files → one uint8 array; what cannot be read is left out, counted and listed."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.errors import DataError
from automl.intake.fingerprint import fingerprint
from automl.intake.frames import is_frame
from automl.intake.pixels import LONGEST, as_uint8, fitted, wanted
from automl.intake.raw import listed
from automl.records import Dataset, Finding, Severity, Task

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["common_size", "decoded", "full_path", "joined", "pictures", "why_unread"]

SAMPLE = 256
"""Files whose size is looked at to choose the common one."""
OTHER_SHAPE, OTHER_SIZE, MIXED_SHARE = 1.25, 2.0, 0.05
"""Ratios of aspect and area to the common ones beyond which a file is of another size; the share that makes mixed."""


def pictures(
    dataset: Dataset,
    task: Task,
    size: int | Sequence[int] | None = None,
    limits: tuple[float, float] | None = None,
) -> Dataset:
    """Turn the images of a dataset into one array ``(n, h, w, c)`` uint8; other datasets pass unchanged.

    Image files are decoded in threads: upright (EXIF orientation), transparency on white, c = 1 where all are
    grey, else 3. Arrays are scaled to 0..255. Rows whose image cannot be read are dropped, with a finding.

    Args:
        dataset: inputs are a frame with one image_path column, or an array of images.
        size: (height, width) or (height, width, channels) wanted, as at prediction the shape trained on. By
            default the median size of the files, or the array's own, made no longer than 64 pixels a side.
        limits: arrays only: what becomes 0 and 255 (see `span`); by default read off the values.

    Raises:
        DataError: no image can be read.
    """
    if task.modality != "image":
        return dataset
    wish = wanted(size)
    if not is_frame(dataset.inputs):
        images, findings = as_uint8(np.asarray(dataset.inputs), limits)
        images, noticed = fitted(images, wish)
        return replace(dataset, inputs=images, findings=(*dataset.findings, *findings, *noticed))
    name = _image_column(dataset, task)
    paths = [full_path(value, dataset.root) for value in dataset.inputs[name]]
    findings = dataset.findings
    if wish is None:
        sizes = sizes_of(paths)
        wish = (*common_of(sizes), None)
        findings += mixed_sizes(sizes, name, wish[:2])
    found, reasons = decoded(paths, wish)
    kept = np.flatnonzero([image is not None for image in found])
    if not len(kept):
        first = next(iter(reasons.values()), "no file is named")
        raise DataError(
            f"none of the {len(paths)} images of {dataset.name!r} can be read (the first: {first}); check the paths in "
            f"{name!r}, which are read relative to {dataset.root or 'the current folder'!r}"
        )
    images = joined([found[i] for i in kept], wish)
    if len(kept) < len(paths):
        findings += (_dropped(dataset, name, paths, reasons),)
    digest = fingerprint(dataset.fingerprint, images)
    return _only(replace(dataset, findings=findings, fingerprint=digest), kept, images)


def _image_column(dataset: Dataset, task: Task) -> str:
    names = [column.name for column in task.columns if column.kind == "image_path" and column.name in dataset.inputs]
    if not names:
        raise DataError(
            f"expected a column of image paths in {dataset.name!r}, got {listed(dataset.inputs.columns)}; "
            "name it with columns={'name': 'image_path'}"
        )
    return names[0]


def full_path(value: Any, root: str | None) -> Path | None:
    """A cell as a path, relative ones against the root; None where it names nothing."""
    if not isinstance(value, str | os.PathLike) or not str(value).strip():
        return None
    path = Path(str(value).strip().replace("\\", "/") if os.sep == "/" else str(value).strip()).expanduser()
    return path if path.is_absolute() or root is None else Path(root) / path


def common_size(paths: list[Path | None]) -> tuple[int, int]:
    """Median height and width of a sample of the files, shrunk to at most `LONGEST`."""
    return common_of(sizes_of(paths))


def sizes_of(paths: list[Path | None]) -> np.ndarray:
    """Height and width of a sample of the files, upright, ``(n, 2)`` pixels; those that cannot be read are left out."""
    from PIL import Image

    named = [path for path in paths if path is not None]
    places = np.linspace(0, len(named) - 1, min(len(named), SAMPLE)).astype(int)
    sizes = []
    for place in places:
        try:
            with Image.open(named[place]) as image:
                width, height = image.size
                turned = image.getexif().get(0x0112, 1) in {5, 6, 7, 8}
        except Exception:  # Pillow raises many kinds on damaged files; they are counted when decoded
            continue
        sizes.append((width, height) if turned else (height, width))
    return np.array(sizes, np.float64).reshape(-1, 2)


def common_of(sizes: np.ndarray) -> tuple[int, int]:
    """Median height and width, shrunk to at most `LONGEST`."""
    if not len(sizes):
        return LONGEST, LONGEST
    height, width = np.median(sizes, axis=0)
    scale = min(1.0, LONGEST / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def mixed_sizes(sizes: np.ndarray, name: str, wish: tuple[int, int]) -> tuple[Finding, ...]:
    """Whether many of the files have another shape, or another size, than most: those are squeezed or blurred.

    Args:
        sizes: ``(n, 2)`` height and width of sampled files. name: of their column. wish: what all are brought to.
    """
    if len(sizes) < 2:
        return ()
    aspects, areas = np.log(sizes[:, 0] / sizes[:, 1]), np.log(sizes.prod(axis=1))
    odd_shape = np.abs(aspects - np.median(aspects)) > np.log(OTHER_SHAPE)
    odd_size = np.abs(areas - np.median(areas)) > np.log(OTHER_SIZE)
    odd = odd_shape | odd_size
    if odd.mean() < MIXED_SHARE:
        return ()
    low, high = sizes[areas.argmin()], sizes[areas.argmax()]
    message = (
        f"{int(odd.sum()):,} of {len(sizes):,} sampled images have another shape or size than most (from "
        f"{low[0]:.0f} x {low[1]:.0f} to {high[0]:.0f} x {high[1]:.0f} pixels); all are brought to {wish[0]} x "
        f"{wish[1]}, which squeezes or blurs them."
    )
    severity: Severity = "medium" if odd_shape.mean() >= 0.5 else "low"
    step = "Crop them to one shape first, if what matters would be squeezed."
    return (Finding("mixed_sizes", severity, message, step, columns=(name,), count=int(odd.sum())),)


def decoded(
    paths: list[Path | None], size: tuple[int, int, int | None]
) -> tuple[list[np.ndarray | None], dict[int, str]]:
    """Each file as (h, w) or (h, w, 3) uint8, None where it cannot be read, and why not."""
    reasons: dict[int, str] = {}

    def one(i: int) -> np.ndarray | None:
        path = paths[i]
        if path is None:
            reasons[i] = "no path"
            return None
        try:
            return _read(path, size[0], size[1])
        except FileNotFoundError:
            reasons[i] = f"{path.name}: no such file"
        except Exception as error:  # one damaged file must not end the run, whatever Pillow raises on it
            reasons[i] = f"{path.name}: {str(error).splitlines()[0][:80] if str(error) else type(error).__name__}"
        return None

    with ThreadPoolExecutor() as pool:
        return list(pool.map(one, range(len(paths)), chunksize=64)), dict(sorted(reasons.items()))


def _read(path: Path, height: int, width: int) -> np.ndarray:
    from PIL import Image, ImageOps

    with Image.open(path) as opened:
        opened.draft(None, (2 * width, 2 * height))  # JPEG decodes faster to about this size
        image: Image.Image = opened
        image.load()
        image = ImageOps.exif_transpose(image)
        image = _plain(image)
        if image.size != (width, height):
            image = image.resize((width, height), Image.Resampling.BILINEAR)
        return np.asarray(image)


def _plain(image: Image.Image) -> Image.Image:
    """An image of mode L (grey) or RGB."""
    from PIL import Image

    if image.mode in {"L", "RGB"}:
        return image
    if image.mode == "1":
        return image.convert("L")
    if image.mode in {"F", "I"} or image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.float64)
        top = 1.0 if image.mode == "F" and values.max() <= 1 else 255.0 if values.max() <= 255 else 65535.0
        return Image.fromarray(np.clip(np.rint(values / top * 255.0), 0, 255).astype(np.uint8))
    if "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info:
        rgba = image.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        grey = image.mode in {"LA", "La"}
        return Image.alpha_composite(paper, rgba).convert("L" if grey else "RGB")
    return image.convert("RGB")


def joined(found: list[Any], size: tuple[int, int, int | None]) -> np.ndarray:
    """One array, grey only if every image is (or grey is wanted)."""
    channels = size[2] or (3 if any(image.ndim == 3 for image in found) else 1)
    images = np.empty((len(found), size[0], size[1], 3 if channels != 1 else 1), dtype=np.uint8)
    for i, image in enumerate(found):
        if image.ndim == 3 and channels == 1:
            images[i] = fitted(image[None], size)[0][0]
        else:
            images[i] = image if image.ndim == 3 else image[..., None]
        found[i] = None  # frees each as it is copied: the two together may not fit
    return fitted(images, size)[0]


def why_unread(paths: Sequence[Path | None], reasons: Mapping[int, str]) -> str:
    """Why files could not be read, commonest first; not their names, which are cells (the rows are told beside it).

    Args:
        paths: of the rows. reasons: by row, as of `decoded`.
    """
    said: Counter[str] = Counter()
    for row, reason in reasons.items():
        path = paths[row]
        plain = reason if path is None else reason.removeprefix(f"{path.name}: ")
        said[" ".join(re.sub(r"'[^']*'|\"[^\"]*\"|\S*[/\\]\S*", "", plain).split()) or "unreadable"] += 1
    return "; ".join(f"{reason} ({n:,})" for reason, n in said.most_common(5))


def _dropped(dataset: Dataset, name: str, paths: list[Path | None], reasons: dict[int, str]) -> Finding:
    numbers = dataset.row_numbers if dataset.row_numbers is not None else np.arange(len(paths))
    shown = why_unread(paths, reasons)
    return Finding(
        "unreadable_images",
        "high" if len(reasons) > 0.1 * len(paths) else "medium",
        f"{len(reasons)} of {len(paths)} images could not be read and their rows were left out ({shown}).",
        "Replace these files or remove their rows.",
        columns=(name,),
        rows=tuple(int(numbers[i]) for i in list(reasons)[:20]),
        count=len(reasons),
    )


def _only(dataset: Dataset, kept: np.ndarray, images: np.ndarray) -> Dataset:
    """These rows of everything, with these images as inputs."""

    def some(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[kept]

    target = None if dataset.target is None else dataset.target.iloc[kept].reset_index(drop=True)
    return replace(
        dataset,
        inputs=images,
        target=target,
        groups=some(dataset.groups),
        times=some(dataset.times),
        series=some(dataset.series),
        weight=some(dataset.weight),
        given=some(dataset.given),
        row_numbers=some(dataset.row_numbers),
    )
