"""An autoencoder: rows are squeezed into a short code and restored from it. What is restored badly is unusual.

Trained on rows with anomalies among them, it learns to restore these too. The loss therefore leaves out the worst rows
of each batch (`trim`). The first start is made for such rows, the second for rows that are all normal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from automl.records import Facts, Head, InputSpec, Template
from automl.templates.shared.reconstruction import (
    ACCEPTS,
    GOALS,
    KNOBS,
    code_size,
    coded,
    declare_shape,
    declare_training,
    finished,
    other_readers,
    read,
    row_errors,
    starting_shape,
    starting_training,
    unfit_rows,
)


def space(hp: Any, specs: Sequence[InputSpec], facts: Facts) -> None:
    """Declare rates, noise, the share of rows left out, the code and the layers."""
    declare_training(hp, specs, facts)
    declare_shape(hp, specs)


def starts(specs: Sequence[InputSpec], facts: Facts) -> list[dict[str, Any]]:
    """For rows with anomalies among them; for normal rows alone; by the other reader; with noise; a shorter code."""
    first = {**starting_training(specs, facts), **starting_shape(specs)}
    others = [*other_readers(first), {**first, "noise": 0.1}, {**first, "code": max(first["code"] // 2, 2)}]
    return [first, {**first, "trim": 0.0}, *others]


def build(choices: Mapping[str, Any], knobs: Mapping[str, Any], specs: Sequence[InputSpec], head: Head) -> Any:
    """Build the network, uncompiled."""
    reading = read(specs, choices, knobs["noise"])
    code = coded(reading, choices, code_size(choices, head))
    loss, score = row_errors(reading, code, choices, has_spread=False)
    return finished(reading, code, score, loss, knobs["trim"], head, "autoencoder")


AUTOENCODER = Template(
    name="autoencoder",
    title="autoencoder with a trimmed loss",
    family="autoencoder",
    goals=GOALS,
    accepts=ACCEPTS,
    space=space,
    build=build,
    knobs=KNOBS,
    starts=starts,
    unfit=partial(unfit_rows, "autoencoder"),
    source="Hinton & Salakhutdinov, Science 2006; Sakurada & Yairi, MLSDA 2014 (anomalies); Vincent et al., JMLR 2010 "
    "(noise); Shen & Sanghavi, ICML 2019 (trimmed loss)",
)
