"""Features of shallow models as functions of arrays, in NumPy and the standard library alone.

Fits and predictions call them, and an exported reader holds the source of these modules (`automl.export.joined`): so it
computes what the model does, by the same lines. A module imports others of this room by ``from ... import`` alone, and
its names differ from those of the others and of `automl.export.reader`, since all of them may stand in one file.
"""
