"""Opens saved models."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.predict.model import Model

__all__ = ["load"]


def load(path: str | Path, plugins: Sequence[str | Path] = (), pretrained: str | Path | None = None) -> Model:
    """Open a saved model; no code from the folder is run.

    Args:
        path: what a contest or `Result.save` wrote, or a run folder.
        plugins: where its goal, its modality or its shallow model is a plug-in's: Python files, which run as code, and
            names of entry points. Goals and modalities of installed packages are known without; types of a model are
            built only if their plug-in is named here.
        pretrained: folder where the backbone lies now whose vectors the model reads, with the files of the
            contest; None for where it lay.

    Raises:
        BundleError: the folder is incomplete, altered, of another version, names code that is neither ours nor that of
            a plug-in named here, or is of a goal or a modality that no plug-in known here brings.
        RecipeError: a plug-in is missing or cannot be imported, or the model reads no backbone's vectors.
        DataError: the folder holds another backbone than the model was trained with.
    """
    from automl import bundle, catalog, modalities

    named = [plugins] if isinstance(plugins, str | Path) else list(plugins)
    catalog.extend(named)
    opened = bundle.open(path, modalities.restore, modalities.restore_codec, plug_ins=catalog.plug_ins(named))
    task = opened.task
    if pretrained is not None:
        from automl.pretrained import relocated

        task = relocated(task, pretrained)
    result = dict(opened.result)
    maker = functools.partial(_saved_estimator, result, task, opened.predictors)
    return Model(task, opened.predictors, opened.recommended, Path(path), result, dict(opened.reference), maker)


def _saved_estimator(result: Mapping[str, Any], task: Any, predictors: Mapping[str, Any], side: str) -> Any:
    from automl.estimators import saved_estimator

    return saved_estimator(result, task, predictors, side)
