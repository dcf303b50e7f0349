"""Vectors of texts from a backbone that was trained elsewhere and lies in a local folder.

A folder in Hugging Face's layout is read by code of our own: a BERT-like encoder, or static vectors of words. Nothing
in it is run, no network is asked, and no link in it is followed.
"""

from automl.pretrained.folder import Backbone, open_backbone
from automl.pretrained.vectors import backbone_of, embedded, relocated, store, with_backbone, with_vectors

__all__ = [
    "Backbone",
    "backbone_of",
    "embedded",
    "open_backbone",
    "relocated",
    "store",
    "with_backbone",
    "with_vectors",
]
