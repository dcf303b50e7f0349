"""Whether a network trains faster in mixed precision on this processor, by a short trial of its own steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from automl.deep.training.network import Network

__all__ = ["MIXED_BFLOAT16", "can_pay", "faster", "is_worth_a_network", "one_step"]

MIXED_BFLOAT16 = "mixed_bfloat16"
TILES = "amx"
LEAST_SECONDS = 20.0
"""Seconds of a search below which the trial would take more than it can bring."""
LEAST_TRACED_SECONDS = 1.0
"""What building a convolutional network and its first step take at the least; known before they are made."""
TRIAL_SECONDS = 1.0
"""Seconds of steps; building and tracing the second network takes about as long again."""
MOST_SHARE, MOST_SHARE_OF_TILES = 0.08, 0.15
"""Of the time left, what the trial may take: half of what it can save. Steps in bfloat16 were at most 1.3 times as fast
with vector instructions and 1.5 times as fast with those that multiply tiles (AMX)."""
LEAST_ROUNDS, MOST_ROUNDS = 2, 12
LEAST_GAIN = 1.1
"""How many times as fast the mixed network must be, to outweigh what is rounded."""


def can_pay(traced_seconds: float, seconds: float, instructions: str = "") -> bool:
    """Whether a trial can save more time than it takes.

    Args:
        traced_seconds: what building the network and its first step took; that of the other one takes as long.
        seconds: time left.
        instructions: the processor's instructions that multiply bfloat16.
    """
    share = MOST_SHARE_OF_TILES if instructions.startswith(TILES) else MOST_SHARE
    return traced_seconds + TRIAL_SECONDS <= share * seconds


def is_worth_a_network(seconds: float, instructions: str = "") -> bool:
    """Whether a trial may pay at all in a search of so many seconds, before any network is built.

    Without a time limit nothing is tried, so that the same seed gives the same result.
    """
    return LEAST_SECONDS <= seconds < math.inf and can_pay(LEAST_TRACED_SECONDS, seconds, instructions)


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
