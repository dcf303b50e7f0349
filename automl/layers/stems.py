"""Stems that turn a text or an image into features, as parts of a Keras graph.

Templates for texts or images alone use them, and so do templates that fuse them with a table's columns. Keras is
imported inside the functions, so that templates can import this module without loading Keras.
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
    """Features of a text: a bag of word vectors, and the maximum over the text of each short convolution.

    Args:
        tokens: ``(batch, length)`` ids, 0 = padding.
        size: of the vocabulary.
        dim: size of a word vector.
        filters: number of filters of each convolution.
        widths: width of each convolution in words; empty for the bag of words alone.
        has_max: whether the bag of words has the maximum over words as well as their mean.
        word_dropout: share of words replaced by the unknown word in training; a number or a knob.
        spatial_dropout: share of a word vector's numbers that is dropped, the same ones for all words; a number or a
            knob.

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
        convolved = keras.layers.Conv1D(filters, width, padding="same", activation="relu")(words)
        parts.append(keras.layers.GlobalMaxPooling1D()(convolved))  # (batch, filters)
    return parts


def picture_parts(
    pictures: Any, spec: InputSpec, width: int, stride: int, blocks: str, has_max: bool,
    views: Mapping[str, Any] | None,
) -> list[Any]:  # fmt: skip
    """Features of images: a small residual network, pooled over all positions.

    Args:
        pictures: ``(batch, height, width, channels)`` uint8.
        spec: their input spec, with the moments of their channels.
        width: filters of the first stage; each further stage has twice as many.
        stride: of the first convolution.
        blocks: number of residual blocks of each stage, such as "1-1-1".
        has_max: whether the maximum over positions is returned as well as the mean.
        views: strengths of augmentation by name ("shift", "zoom", "light", "erase" and "flip"), numbers or knobs; None
            for no augmentation.

    Returns:
        Tensors ``(batch, features)``.

    Source: He et al., CVPR 2016; averaged shortcut: He et al., "Bag of Tricks", CVPR 2019.
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
    """The stride that reduces an image to some 16 to 28 positions a side."""
    side = max(spec.shape[:2])
    return 2 if side <= 56 else 4 if side <= 112 else 8


def _conv(x: Any, filters: int, size: int = 3, stride: int = 1, active: bool = True) -> Any:
    """Convolution, batch norm, and a ReLU if `active`."""
    import keras

    x = keras.layers.Conv2D(
        filters, size, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(x)
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    return keras.layers.Activation("relu")(x) if active else x


def _residual(x: Any, filters: int, stride: int) -> Any:
    """A residual block of two convolutions; the shortcut is averaged and projected where the shape changes."""
    import keras

    way = _conv(_conv(x, filters, stride=stride), filters, active=False)
    if stride > 1:
        x = keras.layers.AveragePooling2D(stride, padding="same")(x)
    if x.shape[-1] != filters:
        x = _conv(x, filters, size=1, active=False)
    return keras.layers.Activation("relu")(keras.layers.Add()([way, x]))
