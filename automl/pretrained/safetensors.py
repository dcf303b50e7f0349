"""Reads files of the safetensors format: a bounded JSON header, then plain numbers. Nothing in them is run.

Source: the format, https://github.com/huggingface/safetensors#format.
"""

from __future__ import annotations

import json
import math
import mmap
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["read_tensors"]

MAX_HEADER = 16 << 20
MAX_DIMS, MAX_SIDE = 4, 2**40
SIZES = {"F32": 4, "F16": 2, "BF16": 2}
"""Bytes of a number, by type; tensors of other types (such as positions) are passed over."""


def read_tensors(descriptor: int) -> Mapping[str, np.ndarray]:
    """Tensors of a file by name, as float32; those of other types than `SIZES` are left out.

    Args:
        descriptor: of the file, open to read; it is closed.

    Raises:
        ValueError: the file is damaged, or its header says what cannot be.
    """
    with os.fdopen(descriptor, "rb") as file:
        n_bytes = os.fstat(file.fileno()).st_size
        n_header = int.from_bytes(file.read(8), "little")
        if n_bytes < 8 or n_header > min(MAX_HEADER, n_bytes - 8):
            raise ValueError(f"a header of {n_header:,} bytes in a file of {n_bytes:,}")
        try:
            header = json.loads(file.read(n_header))
        except RecursionError as error:
            raise ValueError("its header is nested too deep") from error
        if not isinstance(header, dict):
            raise ValueError("its header is no JSON object")
        room = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    begin, found, end_before = 8 + n_header, {}, 0
    spans: list[tuple[int, int, str, tuple[int, ...], str]] = []
    for name, entry in header.items():
        if name != "__metadata__":
            spans.append((*_span(name, entry, n_bytes - begin), str(name), *_form(name, entry)))
    for first, last, name, shape, kind in sorted(spans):
        if first < end_before:
            raise ValueError(f"tensor {name!r:.60} overlaps another one")
        end_before = last
        if kind not in SIZES:
            continue
        if last - first != SIZES[kind] * math.prod(shape):
            raise ValueError(f"tensor {name!r:.60} of shape {shape} has {last - first:,} bytes of {kind}")
        found[name] = _numbers(room, kind, begin + first, math.prod(shape)).reshape(shape)
    return found


def _span(name: str, entry: Any, n_bytes: int) -> tuple[int, int]:
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    if isinstance(offsets, list) and len(offsets) == 2 and all(type(number) is int for number in offsets):
        first, last = offsets
        if 0 <= first <= last <= n_bytes:
            return first, last
    raise ValueError(f"tensor {name!r:.60} lies at {offsets!r:.60}, outside the file")


def _form(name: str, entry: Mapping[str, Any]) -> tuple[tuple[int, ...], str]:
    shape, kind = entry.get("shape"), entry.get("dtype")
    is_shape = isinstance(shape, list) and len(shape) <= MAX_DIMS
    if is_shape and isinstance(kind, str) and all(type(n) is int and 0 <= n <= MAX_SIDE for n in shape or ()):
        return tuple(shape or ()), kind
    raise ValueError(f"tensor {name!r:.60} has the shape {shape!r:.60} and the type {kind!r:.60}")


def _numbers(room: mmap.mmap, kind: str, offset: int, count: int) -> np.ndarray:
    """Numbers as float32; those that are float32 in the file are not copied."""
    if kind == "BF16":
        raw = np.frombuffer(room, "<u2", count, offset)
        return (raw.astype(np.uint32) << 16).view(np.float32)
    numbers = np.frombuffer(room, "<f4" if kind == "F32" else "<f2", count, offset)
    return numbers.astype(np.float32, copy=False)
