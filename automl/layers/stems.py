"""Stems that turn a text or an image into features, as parts of a Keras graph.

Templates for texts or images alone use them, and so do templates that fuse them with a table's columns. Keras is
imported inside the functions, so that templates can import this module without loading Keras.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.records import InputSpec

__all__ = ["gradient_features", "heard", "picture_parts", "pre_activated_parts", "shown", "stride_for", "word_parts"]

GRADIENT_CELLS, GRADIENT_PIXELS = (7, 4), 8
"""Cells of each scale and pixels, along the longer side, of gradients beside convolutions."""


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
    views: Mapping[str, Any] | None, whitened: bool = False, gradients: int = 0, dropout: Any = 0.0,
) -> list[Any]:  # fmt: skip
    """Features of images: a small residual network, pooled over all positions, and dense ones of oriented gradients.

    Args:
        pictures: ``(batch, height, width, channels)`` uint8.
        spec: their input spec, with the moments of their channels.
        width: filters of the first stage; each further stage has twice as many.
        stride: of the first convolution.
        blocks: number of residual blocks of each stage, such as "1-1-1".
        has_max: whether the maximum over positions is returned as well as the mean.
        views: strengths of augmentation by name ("shift", "zoom", "light", "erase" and "flip"), numbers or knobs; None
            for no augmentation. Of spectrograms as in `heard`.
        whitened: whether the first filters are the spec's fixed ones, which whiten patches, and not learned.
        gradients: features that a dense layer makes of fixed oriented gradients, see `gradient_features`; 0 for none.
        dropout: of the gradients; a number or a knob.

    Returns:
        Tensors ``(batch, features)``.

    Source: He et al., CVPR 2016; averaged shortcut: He et al., "Bag of Tricks", CVPR 2019; fixed features beside
        learned ones: Oyallon et al., "Scattering Networks for Hybrid Representation Learning", TPAMI 2018.
    """
    import keras

    from automl.layers.dropout import KnobDropout

    seen = x = shown(pictures, spec, views)
    x = _whitened(x, spec, stride) if whitened else _conv(x, width, size=max(3, stride + 1), stride=stride)
    for stage, n_blocks in enumerate(blocks.split("-")):
        for number in range(int(n_blocks)):
            shrinks = stage > 0 and number == 0 and min(x.shape[1:3]) > 3
            x = _residual(x, width * 2**stage, stride=2 if shrinks else 1)
    parts = [keras.layers.GlobalAveragePooling2D()(x)]
    if has_max:
        parts.append(keras.layers.GlobalMaxPooling2D()(x))
    if gradients:
        read = KnobDropout(dropout)(gradient_features(seen, GRADIENT_CELLS, GRADIENT_PIXELS))
        parts.append(keras.layers.Dense(gradients, activation="relu")(read))
    return parts


def gradient_features(x: Any, counts: Sequence[int], pixels: int) -> Any:
    """Oriented gradients and small pixels of pictures, each number standardised, ``(batch, features)``.

    Args:
        x: standardised pictures ``(batch, height, width, channels)``.
        counts: cells along the longer side, a number a scale.
        pixels: the pixels are shrunk to at most so many along the longer side.
    """
    import keras

    from automl.layers.gradients import GradientFeatures

    features = GradientFeatures(counts, pixels)(x)
    return keras.layers.BatchNormalization(momentum=0.9, center=False, scale=False)(features)


def pre_activated_parts(
    pictures: Any, spec: InputSpec, width: int, stride: int, n_blocks: int, views: Mapping[str, Any] | None
) -> list[Any]:
    """Features of images: three stages of residual blocks whose short cuts carry no activation, pooled over positions.

    Args:
        pictures: ``(batch, height, width, channels)`` uint8.
        spec: their input spec, with the moments of their channels.
        width: filters of the first stage; each further stage has twice as many.
        stride: of the first convolution.
        n_blocks: residual blocks of each stage.
        views: as in `picture_parts`.

    Returns:
        Tensors ``(batch, features)``.

    Source: He et al., "Identity Mappings in Deep Residual Networks", ECCV 2016.
    """
    import keras

    x = _plain_conv(shown(pictures, spec, views), width, size=max(3, stride + 1), stride=stride)
    for stage in range(3):
        for number in range(n_blocks):
            shrinks = stage > 0 and number == 0 and min(x.shape[1:3]) > 3
            x = _pre_activated(x, width * 2**stage, stride=2 if shrinks else 1)
    x = _active(x)
    return [keras.layers.GlobalAveragePooling2D()(x), keras.layers.GlobalMaxPooling2D()(x)]


def shown(pictures: Any, spec: InputSpec, views: Mapping[str, Any] | None, factor: int = 1) -> Any:
    """Pictures as a network sees them: standardised, in training also varied.

    Args:
        pictures: ``(batch, height, width, channels)`` uint8.
        spec: their input spec, with the moments of their channels.
        views: as in `picture_parts`.
        factor: by which they are shrunk first, so that varying them costs less.
    """
    import keras

    from automl.layers.augment import RandomErase, RandomLight, RandomView
    from automl.layers.pixels import ChannelScale

    if spec.kind == "spectrogram":
        return heard(pictures, spec, views or {"loudness": "kept"})
    x = ChannelScale(spec.stats["mean"], spec.stats["std"])(pictures)
    if factor > 1:
        x = keras.layers.AveragePooling2D(factor, padding="same")(x)
    if views is None:
        return x
    x = RandomView(views["shift"], views["zoom"], views["flip"])(x)
    return RandomErase(views["erase"])(RandomLight(views["light"])(x))


def heard(sounds: Any, spec: InputSpec, views: Mapping[str, Any]) -> Any:
    """Spectrograms, standardised and, in training, varied.

    Args:
        sounds: ``(batch, bands, frames, 1)`` uint8.
        spec: their input spec, with mean and spread.
        views: "loudness", whether each sound's own level is "kept" or "removed"; and, unless they are not varied,
            strengths of augmentation by name ("shift", "level", "pitch", "bands" and "frames"), numbers or knobs.
    """
    from automl.layers.augment import RandomLight
    from automl.layers.pixels import ChannelScale
    from automl.layers.spectrograms import LevelRemoved, PitchShift, SpecAugment, TimeShift

    x = ChannelScale(spec.stats["mean"], spec.stats["std"])(sounds)
    if views["loudness"] == "removed":
        x = LevelRemoved()(x)
    if "shift" not in views:
        return x
    x = PitchShift(views["pitch"])(TimeShift(views["shift"])(RandomLight(views["level"])(x)))
    return SpecAugment(views["bands"], views["frames"])(x)


def stride_for(spec: InputSpec) -> int:
    """The stride that reduces an image to some 16 to 28 positions a side."""
    side = max(spec.shape[:2])
    return 2 if side <= 56 else 4 if side <= 112 else 8


def _conv(x: Any, filters: int, size: int = 3, stride: int = 1, active: bool = True) -> Any:
    """Convolution, batch norm, and a ReLU if `active`."""
    import keras

    x = keras.layers.BatchNormalization(momentum=0.9)(_plain_conv(x, filters, size, stride))
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


def _whitened(x: Any, spec: InputSpec, stride: int) -> Any:
    """Fixed whitening filters; strides above 2 would pass pixels over, so that the rest is averaged."""
    import keras

    from automl.layers.pixels import PatchFilters

    filters = spec.stats["patch_filters"]
    x = PatchFilters(len(filters), 3, min(stride, 2), filters)(x)
    return keras.layers.AveragePooling2D(stride // 2, padding="same")(x) if stride > 2 else x


def _plain_conv(x: Any, filters: int, size: int = 3, stride: int = 1) -> Any:
    """A convolution alone."""
    import keras

    return keras.layers.Conv2D(
        filters, size, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(x)


def _active(x: Any) -> Any:
    """Batch norm and a ReLU."""
    import keras

    return keras.layers.Activation("relu")(keras.layers.BatchNormalization(momentum=0.9)(x))


def _pre_activated(x: Any, filters: int, stride: int) -> Any:
    """A residual block of two convolutions, each after its batch norm and ReLU."""
    import keras

    way = _active(x)
    short = x
    if stride > 1 or x.shape[-1] != filters:
        short = keras.layers.AveragePooling2D(stride, padding="same")(way) if stride > 1 else way
        short = _plain_conv(short, filters, size=1) if x.shape[-1] != filters else short
    way = _plain_conv(_active(_plain_conv(way, filters, stride=stride)), filters)
    return keras.layers.Add()([way, short])
