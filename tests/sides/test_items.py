"""Lengths of refits on more rows and on fewer."""

from __future__ import annotations

import pytest

from automl.sides.items import length_growth


def test_length_grows_with_the_rows_and_falls_with_their_square_root() -> None:
    assert length_growth(1.25) == 1.25 and length_growth(1.0) == 1.0
    assert length_growth(1 / 16) == pytest.approx(1 / 4)
