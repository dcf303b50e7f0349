"""Writes predicted masks as PNG files, one a picture, in the values of the masks that were learnt from."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from automl.errors import FolderError, RecipeError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_mask_folder", "write_masks"]

ENDING = ".png"
_ODD = re.compile(r"[^\w.\-]+")


def check_mask_folder(out: str | None) -> Path:
    """The folder that masks are written to.

    Args:
        out: as the user named it.

    Raises:
        RecipeError: none was named, or a file. FolderError: there is something in it.
    """
    if out is None or Path(out).suffix:
        named = "" if out is None else f", got {out!r}"
        raise RecipeError(f"--out: masks are pictures: expected the name of a new folder (without an ending){named}")
    path = Path(out)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FolderError(f"{path} is there already: expected the name of a new or an empty folder for masks")
    return path


def write_masks(masks: pd.Series, path: Path) -> int:
    """Write a PNG for each mask, named as its picture, and ``masks.csv`` with the names of both.

    Args:
        masks: as `predict` returns them: arrays, indexed by the names of their pictures.
        path: of a new or an empty folder.

    Returns:
        How many were written; pictures that could not be read have none.

    Raises:
        FolderError: they cannot be written; whatever was at `path` before is still there.
    """
    import pandas as pd

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    except OSError as error:
        raise FolderError(f"cannot write to {path.parent} ({error.strerror}); name another folder") from error
    try:
        rows, taken = [], set[str]()
        for label, mask in masks.items():
            if not isinstance(mask, np.ndarray):
                continue
            name = _name(label, taken)
            taken.add(name)
            _write(mask, made / name)
            rows.append({"image": str(label), "mask": name})
        pd.DataFrame(rows, columns=["image", "mask"]).to_csv(made / "masks.csv", index=False)
        os.chmod(made, 0o755)
        if path.is_dir():
            path.rmdir()
        os.replace(made, path)
    except OSError as error:
        raise FolderError(f"cannot write masks to {path} ({error.strerror or error})") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return len(rows)


def _name(label: object, taken: set[str]) -> str:
    """The picture's own name as PNG, without folders or odd characters; numbered where two are alike."""
    stem = (
        PurePosixPath(str(label)).stem if isinstance(label, str) else f"{label:08d}" if isinstance(label, int) else ""
    )
    stem = _ODD.sub("_", stem)[:100].lstrip(".") or "mask"
    name, number = f"{stem}{ENDING}", 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}{ENDING}"
    return name


def _write(mask: np.ndarray, path: Path) -> None:
    from PIL import Image

    if mask.dtype != np.uint8:
        mask = mask.astype(np.uint16) if mask.max(initial=0) < 1 << 16 else mask.astype(np.int32)
    Image.fromarray(mask).save(path)
