"""The channels and the length of training series, to which those of new rows are brought."""

from __future__ import annotations

import numpy as np

from automl.errors import DataError
from automl.records import Dataset
from automl.system.counts import counted

__all__ = ["SeriesForm"]

MOST_TIMES_SHORTER = 100
"""Series so many times shorter than those of training are refused: little of what models look for can be in them."""


class SeriesForm:
    """Of features of series: new ones have the form that training had, as networks' encoders see to, too.

    Attributes:
        form: channels and steps of training series; None before a fit, and in models that older versions saved.
    """

    form: tuple[int, ...] | None = None

    def learn_form(self, dataset: Dataset) -> None:
        """Remember the form of these series."""
        self.form = tuple(int(size) for size in dataset.inputs.shape[1:])

    def in_form(self, dataset: Dataset, rows: np.ndarray) -> np.ndarray:
        """Series ``(n, channels, length)``: shorter ones end in gaps, of longer ones the first steps count.

        Raises:
            DataError: they have other channels, or hardly any steps.
        """
        found: np.ndarray = dataset.inputs[rows]
        if self.form is None or found.shape[1:] == self.form:
            return found
        channels, length = self.form
        if found.shape[1] != channels:
            raise DataError(
                f"expected sequences of {counted(channels, 'channel')} as in training; {dataset.name} has "
                f"{found.shape[1]}. Give an array of shape (n, channels, length)"
            )
        if length > MOST_TIMES_SHORTER * found.shape[2]:
            raise DataError(
                f"expected sequences of about {counted(length, 'step')} as in training; {dataset.name} has "
                f"{counted(found.shape[2], 'step')}. Give an array of shape (n, channels, length)"
            )
        lacking = length - found.shape[2]
        if lacking <= 0:
            return found[:, :, :length]
        return np.pad(np.asarray(found, np.float32), ((0, 0), (0, 0), (0, lacking)), constant_values=np.nan)
