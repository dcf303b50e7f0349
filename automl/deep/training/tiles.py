"""Networks that judge each pixel of pictures larger than what they see at once. TensorFlow only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from automl.deep.training.device_data import DeviceData
from automl.deep.training.network import Network
from automl.records import VOID
from automl.sides.tiles import stitched

__all__ = ["TileNetwork"]

TRIES = 3
"""Places that are looked at for one whose centre has another class than the first, in every second picture."""


class TileNetwork(Network):
    """A network that trains on random crops, and predicts overlapping tiles. The arguments are those of `Network`.

    Where its input is as large as the pictures, it is a `Network`.
    """

    def _batch(self, data: DeviceData, rows: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
        """A crop of each picture, and of its mask; every second one shows something that is marked, if that is found.

        Source: Isensee et al., "nnU-Net", Nature Methods 2021, methods (oversampling of the foreground).
        """
        inputs, target, weight = super()._batch(data, rows)
        tile, canvas = self.head.shape[:2], tuple(int(side) for side in target.shape[1:3])
        if tile == canvas:
            return inputs, target, weight
        n = tf.shape(rows)[0]
        most = tf.constant([canvas[0] - tile[0] + 1, canvas[1] - tile[1] + 1], tf.float32)
        places = tf.cast(tf.floor(tf.random.uniform((n, TRIES, 2)) * most), tf.int32)  # (batch, tries, 2)
        centres = places + tf.constant([tile[0] // 2, tile[1] // 2])
        codes = tf.cast(tf.gather_nd(target, centres, batch_dims=1), tf.int32)  # (batch, tries)
        wanted = tf.cast((codes > 0) & (codes < VOID), tf.int32)
        chosen = tf.where(tf.range(n) % 2 == 0, tf.argmax(wanted, axis=1, output_type=tf.int32), 0)
        place = tf.gather(places, chosen, batch_dims=1)
        cropped = {name: _cropped(tensor, place, tile) for name, tensor in inputs.items()}
        return cropped, _cropped(target[..., None], place, tile)[..., 0], weight

    def _judge(self, batch: Mapping[str, tf.Tensor]) -> np.ndarray:
        tile = self.head.shape[:2]
        canvas = next(tuple(int(side) for side in tensor.shape[1:3]) for tensor in batch.values())

        def judge(top: int, left: int) -> np.ndarray:
            part = {name: tensor[:, top : top + tile[0], left : left + tile[1]] for name, tensor in batch.items()}
            return np.asarray(self._forward(part).numpy())

        return stitched(judge, canvas, tile)

    def _batch_signature(self) -> dict[str, Any]:
        return {tensor.name: tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype) for tensor in self.model.inputs}


def _cropped(pictures: tf.Tensor, place: tf.Tensor, tile: tuple[int, ...]) -> tf.Tensor:
    """The part of each picture ``(batch, height, width, channels)`` that begins at its place ``(batch, 2)``."""
    rows = place[:, :1] + tf.range(tile[0])
    columns = place[:, 1:] + tf.range(tile[1])
    return tf.gather(tf.gather(pictures, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)
