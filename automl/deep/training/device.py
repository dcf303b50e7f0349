"""The device policy: precision, XLA, dispatch and data-parallel training, decided from the devices of the machine."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

from automl.errors import RecipeError
from automl.records import DeviceWish, Family, PrecisionWish
from automl.system.resources import bfloat16_instructions, usable_cores

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Device", "choose", "prepare"]

BFLOAT16_FROM = (8, 0)
DISPATCH_SECONDS = 0.25
MIXED: frozenset[Family] = frozenset(get_args(Family)) - {"rnn"}
TRIED: frozenset[Family] = frozenset({"cnn"})
"""Families whose precision a processor that multiplies bfloat16 chooses by a trial; only convolutions gained."""
COMPILED: frozenset[Family] = frozenset({"mlp", "cnn", "transformer"})

ONE_THREAD_UP_TO_CORES = 2
THREADS_VARIABLE = "TF_NUM_INTRAOP_THREADS"

DISPATCH = (
    "One dispatch runs as many training steps as fit into 0.25 s, so that the clock is obeyed; one step a dispatch ran "
    "at 0.78 to 0.95 times the speed on a CPU."
)


@dataclass(frozen=True, slots=True)
class Device:
    """How networks are trained on this machine, and why.

    Attributes:
        name: "cpu", "gpu" or "gpu x4".
        n_accelerators: GPUs that TensorFlow sees. As many workers, each with one GPU, keep all of them busy.
        precision: Keras dtype policy of the families in `mixed`; the others train in float32.
        compiled: families whose training step XLA compiles.
        dispatch_seconds: the longest time that one dispatch of training steps should take.
        reasons: sentences for `automl doctor`.
        replicas: TensorFlow's names of the devices that one trial may be spread over; fewer than two for none.
        sharing: "auto" spreads a trial if `automl.deep.training.cost` expects that to pay, "always" every trial,
            "never" none.
        mixed: families that compute in `precision`.
        tried: families whose precision is chosen by a short trial of both, under a time limit
            (`automl.deep.training.precision`).
        instructions: the processor's instructions that multiply bfloat16; "" for none, or where networks run elsewhere.
        operator_threads: threads that one operator of a step may use; 0 leaves that to TensorFlow (all cores).
    """

    name: str
    n_accelerators: int
    precision: str
    compiled: frozenset[Family]
    dispatch_seconds: float
    reasons: tuple[str, ...]
    replicas: tuple[str, ...] = ()
    sharing: str = "auto"
    mixed: frozenset[Family] = MIXED
    tried: frozenset[Family] = frozenset()
    operator_threads: int = 0
    instructions: str = ""

    @property
    def kind(self) -> str:
        """ "cpu" or "gpu": the device of a trial that is not spread."""
        return "gpu" if self.n_accelerators else "cpu"

    def precision_of(self, family: Family) -> str:
        """Keras dtype policy of a family's networks. Variables, outputs, losses and metrics are float32 in all."""
        return self.precision if family in self.mixed else "float32"


def choose(
    accelerators: Sequence[Sequence[int] | None],
    n_cpus: int = 1,
    wish: DeviceWish = "auto",
    n_cores: int = 0,
    precision: PrecisionWish = "auto",
    instructions: str = "",
) -> Device:
    """Decide the policy from the devices that TensorFlow sees.

    Args:
        accelerators: compute capability of each visible GPU, None for a device without one (Apple's and other plug-in
            devices); empty for CPU only.
        n_cpus: logical CPU devices; more than one only if the process was configured so.
        wish: "auto", "cpu" (the caller hides GPUs), "one" (never spread a trial) or "all" (spread every trial).
        n_cores: cores that this process may use; 0 if unknown.
        precision: "auto", or the precision that the user fixed.
        instructions: the processor's instructions that multiply bfloat16; "" for none.
    """
    policy = _on_gpus(accelerators, wish) if accelerators else _on_cpu(n_cpus, wish, n_cores, instructions)
    return policy if precision == "auto" else _fixed(policy, precision)


def _fixed(policy: Device, precision: PrecisionWish) -> Device:
    """The policy with the precision that the user fixed."""
    reasons = (f"Networks compute in {precision}, as asked.", *policy.reasons)
    return replace(policy, precision=precision, mixed=MIXED, tried=frozenset(), reasons=reasons)


def _on_cpu(n_cpus: int, wish: DeviceWish, n_cores: int, instructions: str) -> Device:
    """On a CPU: float32 unless a trial decides otherwise, no XLA, and no operator split over two cores."""
    spread = n_cpus > 1 and wish == "all"
    one_thread = 1 < n_cores <= ONE_THREAD_UP_TO_CORES
    reasons = [
        "Networks train on the CPU, as asked."
        if wish == "cpu"
        else "No GPU is visible to TensorFlow: networks train on the CPU.",
        "Precision is float32: on a CPU bfloat16 ran at 0.89 to 1.18 times its speed, too little for the rounding."
        if not instructions
        else f"This processor multiplies bfloat16 ({instructions}). So under a time limit that is long enough the "
        "first convolutional network is trained for some two seconds in float32 and in bfloat16, and the faster stays; "
        "`precision` under `search:` fixes it. All other networks, and all without a time limit, are float32.",
        "XLA is left off: on a CPU it took 2 to 5 s more to the first step, and four of five templates then trained at "
        "0.40 to 0.72 times the speed.",
        DISPATCH,
        f"Each trial is spread over {n_cpus} logical CPU devices, as asked."
        if spread
        else "One trial at a time: split over two logical devices of one core it ran at 0.56 times the speed.",
    ]
    if one_thread:
        reasons.append(
            "Operators are not split over the two cores: with batches of 64 to 256 rows handing the halves over took "
            f"longer than it saved, a fifth to a half of a dense network's time. {THREADS_VARIABLE} overrides."
        )
    return Device(
        "cpu", 0, "float32", frozenset(), DISPATCH_SECONDS, tuple(reasons),
        replicas=tuple(f"CPU:{i}" for i in range(n_cpus)) if spread else (), sharing="always" if spread else "never",
        tried=TRIED if instructions and not spread else frozenset(), operator_threads=1 if one_thread else 0,
        instructions=instructions,
    )  # fmt: skip


def _on_gpus(accelerators: Sequence[Sequence[int] | None], wish: DeviceWish) -> Device:
    """On GPUs: what the weakest GPU can do."""
    known = [(int(c[0]), int(c[1])) for c in accelerators if c]
    all_known = len(known) == len(accelerators)
    n = 1 if wish == "one" else len(accelerators)
    seen = f"{n} GPU{'s' if n > 1 else ''} in use"
    if not all_known:
        precision = "float32"
        reasons = [f"{seen}, not all of which tell a compute capability (plug-in devices): float32, without XLA."]
    elif min(known) >= BFLOAT16_FROM:
        precision = "mixed_bfloat16"
        reasons = [
            f"{seen}, compute capability {_words(min(known))} or more: networks compute in bfloat16 on tensor cores; "
            "weights, moments, outputs and losses stay float32.",
            "Recurrent networks stay in float32: their small matrices wait for launches, not for arithmetic.",
        ]
    else:
        precision = "float32"
        mixture = f", the newest {_words(max(known))}" if max(known) >= BFLOAT16_FROM else ""
        reasons = [
            f"{seen}, the weakest of compute capability {_words(min(known))}{mixture}: bfloat16 needs 8.0 on every "
            "card. float16 would need loss scaling and is left out: float32 is slower at worst, never wrong.",
        ]
    reasons.append("Memory grows as needed instead of being taken whole, so that several processes share a card.")
    if all_known:
        reasons.append("XLA compiles dense, convolutional and attention networks; recurrent ones keep cuDNN's kernels.")
    reasons.append(DISPATCH)
    spread = n > 1 and all_known
    if spread and wish == "all":
        reasons.append(f"Each trial is spread over {n} GPUs, as asked.")
    elif spread:
        reasons.append(
            f"One GPU a trial, {n} trials at once with `workers: {n}`; without workers a trial whose arithmetic "
            f"outweighs the exchange of gradients is spread over {n} GPUs, without XLA."
        )
    else:
        reasons.append("One trial uses one GPU.")
    return Device(
        "gpu" if n == 1 else f"gpu x{n}", n, precision, COMPILED if all_known else frozenset(), DISPATCH_SECONDS,
        tuple(reasons), replicas=tuple(f"GPU:{i}" for i in range(n)) if spread else (),
        sharing="always" if wish == "all" else "auto" if spread else "never",
    )  # fmt: skip


def _words(capability: tuple[int, int]) -> str:
    return f"{capability[0]}.{capability[1]}"


def prepare(wish: DeviceWish = "auto", precision: PrecisionWish = "auto") -> Device:
    """Configure this process for the devices that TensorFlow may use, and return the policy. TensorFlow only.

    Hidden devices stay hidden: CUDA_VISIBLE_DEVICES and `tf.config.set_visible_devices` are respected. This does not
    start TensorFlow's runtime, so a process that only drives workers takes no GPU memory.

    Args:
        wish: see `choose`.
        precision: see `choose`.

    Raises:
        RecipeError: the CPU is asked for, but this process uses GPUs already.
    """
    import tensorflow as tf

    gpus = tf.config.get_visible_devices("GPU")
    if gpus and wish in ("cpu", "one"):
        try:
            tf.config.set_visible_devices(gpus[:1] if wish == "one" else [], "GPU")
        except RuntimeError as error:
            if wish == "cpu":
                raise RecipeError(
                    "search.device: 'cpu' comes too late, this process uses GPUs already; start a new process, or set "
                    "CUDA_VISIBLE_DEVICES=-1 before Python starts"
                ) from error
        gpus = gpus[:1] if wish == "one" else []
    for gpu in gpus:
        try:  # for all GPUs before the first use: TensorFlow refuses GPUs that differ in this
            tf.config.experimental.set_memory_growth(gpu, True)
        except (RuntimeError, ValueError):  # the user's code already used or split the device: its choice stands
            break
    details = [tf.config.experimental.get_device_details(gpu).get("compute_capability") for gpu in gpus]
    n_cpus = sum(
        len(tf.config.get_logical_device_configuration(cpu) or [None]) for cpu in tf.config.get_visible_devices("CPU")
    )
    policy = choose(details, n_cpus, wish, usable_cores(), precision, bfloat16_instructions())
    if policy.operator_threads and not os.environ.get(THREADS_VARIABLE):
        with contextlib.suppress(RuntimeError):  # TensorFlow already runs: its number of threads stands
            tf.config.threading.set_intra_op_parallelism_threads(policy.operator_threads)
    return policy
