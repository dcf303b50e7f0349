"""Picture files → uint8 arrays of one size and one range of brightness; what cannot be read is told by row."""

from __future__ import annotations

import itertools
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from automl.intake.brightness import full_scale, scaled, span_of_pictures
from automl.intake.files import shown
from automl.intake.limits import MIB, refuse_beyond
from automl.intake.picture_files import Allowance, PictureSource, pixels, quiet
from automl.intake.pixels import fitted
from automl.records import Finding, Severity
from automl.system import resources

__all__ = ["decoded", "decoded_alike", "joined", "unread_files", "why_unread"]

LISTED_FILES = 20
HELD_COPIES = 2
THREAD_MIB = 80.0
"""Of address space that a thread takes for itself."""
LONGEST_REASON = 200


def decoded_alike(
    paths: Sequence[PictureSource | None],
    size: tuple[int, int, int | None],
    name: str,
    given: np.ndarray | None,
    limits: tuple[float, float] | None,
    is_new: bool,
    memory_mib: float | None,
) -> tuple[list[np.ndarray | None], dict[int, str], tuple[Finding, ...], tuple[float, float] | None]:
    """Each file as uint8, all by one range of brightness.

    Args:
        paths: of the files.
        size: (height, width, channels).
        name: of their column.
        given: ``(n,)`` bool, the user's own test rows, whose values are not measured; or None.
        limits: what becomes 0 and 255 in files of more than eight bits; None to measure it.
        is_new: rows to predict, whose values are not measured.
        memory_mib: that may be taken; by default most of what is free.

    Returns:
        Images (None where one cannot be read), why not, what was noticed, and the limits, None if all files have eight
        bits.
    """
    blended: list[int] = []
    found, reasons = decoded(paths, size, memory_mib, blended)
    deep = [i for i, image in enumerate(found) if image is not None and image.dtype != np.uint8]
    n_read = len(paths) - len(reasons)
    findings: tuple[Finding, ...] = ()
    if blended and not is_new:
        message = f"{len(blended):,} of {n_read:,} images of {name!r} have transparent pixels; they were laid on white."
        step = "Lay them on another background yourself if white hides what matters."
        findings += (Finding("transparency", "low", message, step, columns=(name,), count=len(blended)),)
    used = np.ones(len(paths), dtype=bool) if given is None else ~given
    if is_new and deep and limits is None:
        ends = [(np.nanmin(image), np.nanmax(image)) for i in deep if (image := found[i]) is not None]
        scale = full_scale(float(min(low for low, _ in ends)), float(max(high for _, high in ends)))
        findings += (_other_depth(name, len(deep), is_deeper=True),)
    else:
        scale = limits or span_of_pictures(found, used) or span_of_pictures(found, ~used) or (0.0, 255.0)
    for i in deep:
        image = found[i]
        found[i] = None if image is None else scaled(image, scale)
    if is_new:
        if limits is not None and len(deep) < n_read:
            findings += (_other_depth(name, n_read - len(deep), is_deeper=False),)
        return found, reasons, findings, limits
    if deep:
        findings += (_range_told(name, scale, len(deep), n_read),)
    return found, reasons, findings, scale if deep else None


def _range_told(name: str, limits: tuple[float, float], n_deep: int, n_read: int) -> Finding:
    some = "All" if n_deep == n_read else f"{n_deep:,} of {n_read:,}"
    message = (
        f"{some} images of {name!r} have more than 8 bits; values from {limits[0]:g} to {limits[1]:g} were scaled to 0 "
        "to 255, by this one range for all of them and for new images."
    )
    step = "Write the images with 8 bits yourself if another range matters."
    mixed: Severity = "low" if n_deep == n_read else "medium"
    return Finding("image_range", mixed, message, step, columns=(name,), count=n_deep)


def _other_depth(name: str, count: int, is_deeper: bool) -> Finding:
    """New images whose brightness may be on another scale than that of the images trained on."""
    theirs, ours = ("more than 8", "8") if is_deeper else ("8", "more than 8")
    message = (
        f"{count:,} of the new images of {name!r} have {theirs} bits; those trained on had {ours}. Their brightness "
        "may be on another scale."
    )
    step = "Write new images as those trained on were written."
    return Finding("image_depth", "high", message, step, columns=(name,), count=count)


def decoded(
    paths: Sequence[PictureSource | None],
    size: tuple[int, int, int | None],
    memory_mib: float | None = None,
    blended: list[int] | None = None,
) -> tuple[list[np.ndarray | None], dict[int, str]]:
    """Each file as (h, w) or (h, w, 3) uint8, None where it cannot be read, and why not.

    A file of more than eight bits gives its own values, float32.

    Several are decoded at once, as far as memory goes; one that finds none is tried again alone.

    Args:
        paths: of the files.
        size: (height, width, channels).
        memory_mib: that may be taken; by default most of what is free.
        blended: gets the places of those that have transparent pixels.

    Raises:
        DataError: all of them at that size would take more.
    """
    limit_mib = resources.available_mib() if memory_mib is None else memory_mib
    what = f"{len(paths):,} pictures of {size[0]} x {size[1]} pixels"
    refuse_beyond("the array of them", HELD_COPIES * 3.0 * len(paths) * size[0] * size[1], limit_mib, what)
    n_threads = min(32, (os.cpu_count() or 1) + 4)
    allowance = Allowance(MIB * max(limit_mib - n_threads * THREAD_MIB, limit_mib / 2))
    reasons: dict[int, str] = {}
    again: list[int] = []
    clear: set[int] = set()

    def one(i: int) -> np.ndarray | None:
        path = paths[i]
        if path is None:
            reasons[i] = "no path"
            return None
        try:
            return pixels(path, size[0], size[1], allowance, lambda: clear.add(i))
        except FileNotFoundError:
            reasons[i] = f"{shown(path.name)}: no such file"
        except MemoryError:  # several at once found none
            again.append(i)
            reasons[i] = f"{shown(path.name)}: it does not fit into memory"
        except OSError as error:
            reasons[i] = f"{shown(path.name)}: {shown(error.strerror or str(error)[:LONGEST_REASON])}"
        except Exception as error:  # one damaged file must not end the run, whatever Pillow raises on it
            said = str(error).splitlines()[0][:LONGEST_REASON] if str(error) else type(error).__name__
            reasons[i] = f"{shown(path.name)}: {shown(said)}"
        return None

    with quiet():
        with ThreadPoolExecutor(n_threads) as pool:
            found = list(pool.map(one, range(len(paths)), chunksize=64))
        for i in list(again):
            del reasons[i]
            found[i] = one(i)
    if blended is not None:
        blended += sorted(clear - set(reasons))
    return found, dict(sorted(reasons.items()))


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


def why_unread(paths: Sequence[PictureSource | None], reasons: Mapping[int, str]) -> str:
    """Why files could not be read, commonest first; not their names, which are cells (the rows are told beside it).

    Args:
        paths: of the rows.
        reasons: by row, as of `decoded`.
    """
    said: Counter[str] = Counter()
    for row, reason in reasons.items():
        path = paths[row]
        plain = reason if path is None else reason.removeprefix(f"{path.name}: ")
        said[" ".join(re.sub(r"'[^']*'|\"[^\"]*\"|\S*[/\\]\S*", "", plain).split()) or "unreadable"] += 1
    return "; ".join(f"{reason} ({n:,})" for reason, n in said.most_common(5))


def unread_files(paths: Sequence[PictureSource | None], reasons: Mapping[int, str]) -> tuple[str, ...]:
    """The first names of files that could not be read.

    Args:
        paths: of the rows.
        reasons: by row, as of `decoded`.
    """
    named = (path for row in reasons if (path := paths[row]) is not None)
    return tuple(shown(path.name) for path in itertools.islice(named, LISTED_FILES))
