"""Words and pictures on their way to one vector, as parts of a Keras graph.

Templates for texts or pictures alone and those that fuse them with a table's columns share these. Keras is imported
inside the functions, so that a template may import this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.records import InputSpec

__all__ = ["picture_parts", "stride_for", "word_parts"]


def word_parts(
    tokens: Any, size: int, dim: int, filters: int, widths: Sequence[int], has_max: bool, word_dropout: Any,
    spatial_dropout: Any,
) -> list[Any]:  # fmt: skip
    """A bag of word vectors, and the strongest answer of each short convolution.

    Args:
        tokens: ``(batch, length)`` ids, 0 = padding.
        size: of the vocabulary.
        dim: numbers a word.
        filters: of each convolution.
        widths: words that each convolution sees; empty for the bag alone.
        has_max: whether the bag has the maximum over words beside their mean.
        word_dropout: share of words hidden in training.
        spatial_dropout: share of a word vector's numbers left out, the same for all words. Both are numbers or knobs.

    Returns:
        Tensors ``(batch, features)``.

    Source: Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014; Joulin et al., EACL 2017.
    """
    import keras

    from automl.layers.dropout import KnobDropout
    from automl.layers.pooling import WordPool
    from automl.layers.tokens import TokenEmbedding, WordDropout

    words = TokenEmbedding(size, dim)(WordDropout(word_dropout)(tokens))
    words = KnobDropout(spatial_dropout, shared_axes=(1,))(words)  # (batch, length, dim)
    parts = [WordPool("mean")([words, tokens])]  # (batch, dim)
    if has_max:
        parts.append(WordPool("max")([words, tokens]))
    for width in widths:
        found = keras.layers.Conv1D(filters, width, padding="same", activation="relu")(words)
        parts.append(keras.layers.GlobalMaxPooling1D()(found))  # (batch, filters)
    return parts


def picture_parts(
    pictures: Any, spec: InputSpec, width: int, stride: int, blocks: str, has_max: bool,
    views: Mapping[str, Any] | None,
) -> list[Any]:  # fmt: skip
    """A small residual network over pictures, averaged over places.

    Args:
        pictures: ``(batch, height, width, channels)`` uint8.
        spec: with their moments.
        width: filters at first, twice as many in each further stage.
        stride: of the first convolution.
        blocks: residual blocks of each stage, such as "1-1-1".
        has_max: whether the maximum over places stands beside the mean.
        views: strengths "shift", "zoom", "light", "erase" and "flip" of changes in training, numbers or knobs; None
            for pictures as they are.

    Returns:
        Tensors ``(batch, features)``.

    Source: He et al., CVPR 2016; averaged short cut: He et al., "Bag of Tricks", CVPR 2019.
    """
    import keras

    from automl.layers.augment import RandomErase, RandomLight, RandomView
    from automl.layers.pixels import ChannelScale

    x = ChannelScale(spec.stats["mean"], spec.stats["std"])(pictures)
    if views is not None:
        x = RandomView(views["shift"], views["zoom"], views["flip"])(x)
        x = RandomErase(views["erase"])(RandomLight(views["light"])(x))
    x = _conv(x, width, size=max(3, stride + 1), stride=stride)
    for stage, n_blocks in enumerate(blocks.split("-")):
        for number in range(int(n_blocks)):
            shrinks = stage > 0 and number == 0 and min(x.shape[1:3]) > 3
            x = _residual(x, width * 2**stage, stride=2 if shrinks else 1)
    parts = [keras.layers.GlobalAveragePooling2D()(x)]
    if has_max:
        parts.append(keras.layers.GlobalMaxPooling2D()(x))
    return parts


def stride_for(spec: InputSpec) -> int:
    """The stride that brings a picture to some 16 to 28 places a side."""
    side = max(spec.shape[:2])
    return 2 if side <= 56 else 4 if side <= 112 else 8


def _conv(x: Any, filters: int, size: int = 3, stride: int = 1, active: bool = True) -> Any:
    """Convolution, batch norm, and (where active) a rectifier."""
    import keras

    x = keras.layers.Conv2D(
        filters, size, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(x)
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    return keras.layers.Activation("relu")(x) if active else x


def _residual(x: Any, filters: int, stride: int) -> Any:
    """Two convolutions beside a short cut (averaged and projected where the shape changes)."""
    import keras

    way = _conv(_conv(x, filters, stride=stride), filters, active=False)
    if stride > 1:
        x = keras.layers.AveragePooling2D(stride, padding="same")(x)
    if x.shape[-1] != filters:
        x = _conv(x, filters, size=1, active=False)
    return keras.layers.Activation("relu")(keras.layers.Add()([way, x]))
