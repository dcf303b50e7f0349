"""Tiles cover a picture, and their answers are put together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from automl.sides.tiles import OVERLAP, begins, stitched


@pytest.mark.parametrize(("length", "tile"), [(10, 10), (10, 16), (11, 10), (100, 16), (257, 256), (1000, 256)])
def test_tiles_cover_a_length_and_overlap(length: int, tile: int) -> None:
    found = begins(length, tile)
    assert found[0] == 0 and (length <= tile or found[-1] + tile == length)
    for one, other in pairwise(found):
        assert other > one and one + tile - other >= int(OVERLAP * tile) - 1


def test_tiles_that_agree_give_the_whole() -> None:
    whole = np.random.default_rng(0).normal(size=(2, 37, 50, 3)).astype(np.float32)
    made = stitched(lambda top, left: whole[:, top : top + 16, left : left + 16], (37, 50), (16, 16))
    assert np.allclose(made, whole, atol=1e-5)


def test_where_tiles_differ_the_one_that_sees_more_around_counts_more() -> None:
    made = stitched(lambda top, left: np.full((1, 4, 8, 1), float(left > 0), np.float32), (4, 12), (4, 8))
    row = made[0, 0, :, 0]
    assert row[0] == 0 and row[-1] == 1 and (np.diff(row) >= 0).all() and 0 < row[5] < 1
