"""automl as a framework of the AutoML benchmark: hands a task to `exec.py`, which runs in automl's own environment."""

from __future__ import annotations

import os
from typing import Any


def run(dataset: Any, config: Any) -> Any:
    """Run a task of the benchmark; called by its runner.

    Args:
        dataset: the task's data, as the benchmark has it.
        config: the task's settings.

    Returns:
        What `exec.py` gives back, by the benchmark's own protocol.
    """
    from frameworks.shared.caller import run_in_venv

    data = {
        "train": {"path": dataset.train.data_path("parquet")},
        "test": {"path": dataset.test.data_path("parquet")},
        "target": {"name": dataset.target.name, "classes": dataset.target.values},
        "problem_type": dataset.type.name,
    }
    python = os.environ.get("AUTOML_KERAS_PYTHON")
    if not python:
        raise RuntimeError(
            "set AUTOML_KERAS_PYTHON to the Python of an environment with automl-keras, pyarrow and psutil"
        )
    return run_in_venv(__file__, "exec.py", input_data=data, dataset=dataset, config=config, python_exec=python)
