"""Whether a network trains faster in mixed precision on this processor, by a short trial of its own steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from automl.deep.training.network import Network

__all__ = ["LEAST_SECONDS", "MIXED_BFLOAT16", "can_pay", "faster", "one_step"]

MIXED_BFLOAT16 = "mixed_bfloat16"
LEAST_SECONDS = 20.0
"""Seconds of a search below which the trial would take more than it can bring."""
TRIAL_SECONDS = 1.0
"""Seconds of steps; building and tracing the second network takes about as long again."""
MOST_SHARE = 0.15
"""Of the time left, what the trial may take: on a busy machine tracing another network takes many times as long."""
LEAST_ROUNDS, MOST_ROUNDS = 2, 12
LEAST_GAIN = 1.1
"""How many times as fast the mixed network must be, to outweigh what is rounded."""


def can_pay(traced_seconds: float, seconds: float) -> bool:
    """Whether a trial is short beside the time left.

    Args:
        traced_seconds: what building the network and its first step took; that of the other one takes as long.
        seconds: time left.
    """
    return traced_seconds + TRIAL_SECONDS <= MOST_SHARE * seconds


def faster(mixed: Network, plain: Network, clock: Callable[[], float] = time.perf_counter) -> bool:
    """Whether the steps of `mixed` are at least `LEAST_GAIN` times as fast as those of `plain`.

    Both take steps in turns. The quickest step of each counts, since other work on the machine only makes steps slower.
    Learning rates are zero, and both networks are reset before they are trained.

    Args:
        mixed: the network in mixed precision.
        plain: the same network in float32.
        clock: seconds from any origin.
    """
    least = {True: np.inf, False: np.inf}
    for network in (mixed, plain):
        one_step(network)  # the first one traces
    begun = clock()
    for n_rounds in range(MOST_ROUNDS):
        for network in (mixed, plain):
            before = clock()
            one_step(network)
            least[network is mixed] = min(least[network is mixed], clock() - before)
        if n_rounds + 1 >= LEAST_ROUNDS and clock() - begun >= TRIAL_SECONDS:
            break
    return bool(least[False] >= LEAST_GAIN * least[True])


def one_step(network: Network) -> None:
    """One training step that leaves the weights as they are."""
    network.train(np.arange(network.batch_size)[None], np.zeros(1, np.float32))
