"""Vectors of texts and pictures from a backbone that was trained elsewhere and lies in a local folder.

Texts: a folder in Hugging Face's layout is read by code of our own, a BERT-like encoder or static vectors of words.
Pictures: an architecture of `keras.applications` with its weights, a network of Keras's layers, or a KerasHub preset.
Nothing in a folder is run, no network is asked, and no link in it is followed.
"""

from automl.pretrained.folder import Backbone, open_backbone
from automl.pretrained.pictures import PictureBackbone, open_picture_backbone
from automl.pretrained.vectors import (
    backbone_of,
    embedded,
    files_of,
    hold,
    reads_pictures,
    relocated,
    store,
    with_backbone,
    with_vectors,
)

__all__ = [
    "Backbone",
    "PictureBackbone",
    "backbone_of",
    "embedded",
    "files_of",
    "hold",
    "open_backbone",
    "open_picture_backbone",
    "reads_pictures",
    "relocated",
    "store",
    "with_backbone",
    "with_vectors",
]
