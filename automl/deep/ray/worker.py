"""The Ray worker: a process that runs the trial specs it is sent. TensorFlow is loaded when it starts."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.deep.data import TrainingData
    from automl.deep.messages import TrialResult, TrialSpec
    from automl.deep.training.records import Snapshot
    from automl.records import PrecisionWish, Template

__all__ = ["TrialWorker", "versions"]


def versions() -> dict[str, str]:
    """Versions that must be equal in this process and its workers, so that networks behave alike. Loads TensorFlow."""
    import keras
    import tensorflow as tf

    from automl._version import __version__

    return {"automl": __version__, "keras": keras.__version__, "tensorflow": tf.__version__}


class TrialWorker:
    """A `Trainer` in a Ray actor.

    Ray may call `run` and `progress` from different threads, and Keras keeps its settings by thread. So all calls of
    Keras are made in one thread that this class owns.

    Args:
        n_threads: threads of TensorFlow; None for as many as the machine has cores.
        precision: what networks compute in.
    """

    def __init__(self, n_threads: int | None, precision: PrecisionWish = "auto") -> None:
        self._n_threads = n_threads
        self._stop = threading.Event()
        self._points: list[Mapping[str, float]] = []
        self._trainer: Any = None
        self._keras = ThreadPoolExecutor(1)
        self._keras.submit(self._load, n_threads, precision).result()

    def _load(self, n_threads: int | None, precision: PrecisionWish) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import tensorflow as tf

        if n_threads is not None:
            tf.config.threading.set_intra_op_parallelism_threads(n_threads)
            tf.config.threading.set_inter_op_parallelism_threads(n_threads)
        from automl.deep.training import device, trainer  # noqa: F401

        self._device = device.prepare(precision=precision)

    def supply(
        self,
        training_data: TrainingData,
        templates: Callable[[], Mapping[str, Template]],
        names: Sequence[str],
        memory_mib: float | None,
        expected: Mapping[str, str],
    ) -> None:
        """Take in the data and the templates of all trials.

        Args:
            training_data: the data that every trial reads.
            templates: returns this process's templates by name.
            names: templates that trials will use.
            memory_mib: memory that a trial may take, in MiB; None for a share of what is free.
            expected: the driver's `versions`.

        Raises:
            RuntimeError: another version is installed here, or a template is missing.
        """
        installed = versions()
        if installed != dict(expected):
            raise RuntimeError(
                f"a worker has {_listed(installed)} where this process has {_listed(expected)}; install the same "
                "versions on every machine"
            )
        self._keras.submit(self._place, training_data, templates, names, memory_mib).result()

    def _place(
        self, training_data: TrainingData, templates: Callable[[], Mapping[str, Template]], names: Sequence[str],
        memory_mib: float | None,
    ) -> None:  # fmt: skip
        from automl.deep.training.trainer import Trainer
        from automl.system.resources import available_mib

        known = templates()
        missing = [name for name in names if name not in known]
        if missing:
            raise RuntimeError(f"a worker knows no template {', '.join(missing)}; install the plug-in on every machine")
        own = {name: known[name] for name in names}
        if memory_mib is None and self._n_threads is not None:  # other workers share this machine
            memory_mib = available_mib() * self._n_threads / (os.cpu_count() or 1)
        self._trainer = Trainer(training_data, own, self._device, memory_mib, self._stop.is_set)

    def run(self, spec: TrialSpec, snapshot: Snapshot | None) -> TrialResult:
        """Run one trial."""
        self._points = []
        result: TrialResult = self._keras.submit(
            lambda: self._trainer.run(spec, self._points.append, None, snapshot)
        ).result()
        return result

    def progress(self, n_seen: int, stop: bool) -> list[Mapping[str, float]]:
        """New points of the running trial's learning curve; can be called while `run` is running.

        Args:
            n_seen: points that the caller has already.
            stop: whether to end the trial.
        """
        if stop:
            self._stop.set()
        return self._points[n_seen:]


def _listed(numbers: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in numbers.items())
