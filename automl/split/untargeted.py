"""Splits of goals that learn no target: rows without a label train, and rows that are normal may be all that train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from automl import goals
from automl.errors import DataError
from automl.records import Dataset, Finding, Severity, Split, Task
from automl.system.counts import counted

__all__ = ["lacking_labels", "split_untargeted"]

LEAST_NORMAL = 8


def split_untargeted(dataset: Dataset, task: Task, by_rule: Callable[[Dataset], Split]) -> Split:
    """Split the labelled rows by the rule of any goal, then say who learns.

    Rows without a label have nothing to select or score by, so they train. Where only normal rows are to be learnt from
    (`Task.normal`), training rows of another label or none leave, and a refit adds the normal validation rows alone.

    Args:
        dataset: to split. Its target is the label; None without one.
        task: its goal learns no target.
        by_rule: splits a dataset, all of whose rows have a label or none has.

    Raises:
        DataError: fewer than eight rows are left to learn from.
    """
    if dataset.target is None:
        return _bounded(by_rule(dataset), goals.named(task).most_held_out, dataset.given is not None)
    labels = dataset.target.iloc[:, 0].to_numpy(object)
    is_labelled = dataset.target.iloc[:, 0].notna().to_numpy()
    made = _spread(by_rule, dataset, is_labelled)
    if task.normal is None:
        return made
    is_normal = labels == task.classes[0]
    train, valid = made.train[is_normal[made.train]], made.valid[is_normal[made.valid]]
    if len(train) < LEAST_NORMAL:
        raise DataError(
            f"{counted(len(train), 'training row')} of {dataset.name} are {task.normal!r} by label "
            f"{task.target[0]!r}; at least {LEAST_NORMAL} are needed to learn what is normal"
        )
    rule = f"{made.rule}; only rows with {task.normal!r} train"
    return replace(made, train=train, refit_rows=np.concatenate([train, valid]), rule=rule)


def _bounded(made: Split, most: int | None, is_given: bool) -> Split:
    """At most so many validation rows and test rows; the others train, but for test rows that the user gave.

    Groups and blocks of time stay as they are.
    """
    if most is None or made.units != "row" or max(len(made.valid), len(made.test)) <= most:
        return made
    rng = np.random.default_rng([made.seed, 60_000])
    kept = [np.sort(rng.permutation(len(rows))[:most]) for rows in (made.valid, made.test)]
    valid, test = made.valid[kept[0]], made.test[kept[1]]
    free = [made.train, np.setdiff1d(made.valid, valid)]
    free += [] if is_given else [np.setdiff1d(made.test, test)]
    rule = f"{made.rule}; {most:,} rows at most validate, and as many test" + ("" if is_given else "; the others train")
    return replace(
        made, train=np.sort(np.concatenate(free)), valid=valid, test=test, unit_ids=made.unit_ids[kept[1]], rule=rule
    )


def _spread(by_rule: Callable[[Dataset], Split], dataset: Dataset, is_labelled: np.ndarray) -> Split:
    """The split of the labelled rows, as rows of the whole dataset; the others train."""
    if is_labelled.all():
        return by_rule(dataset)
    place = np.flatnonzero(is_labelled)
    made = by_rule(_labelled(dataset, place))
    free = np.flatnonzero(~is_labelled)
    if dataset.given is not None:
        free = free[~dataset.given[free]]
    rule = f"{made.rule}; {counted(len(free), 'row')} without a label train"
    train = np.sort(np.concatenate([place[made.train], free]))
    return replace(made, train=train, valid=place[made.valid], test=place[made.test], rule=rule)


def _labelled(dataset: Dataset, rows: np.ndarray) -> Dataset:
    """What a rule reads of these rows."""

    def pick(part: np.ndarray | None) -> np.ndarray | None:
        return None if part is None else part[rows]

    assert dataset.target is not None
    inputs = dataset.inputs.iloc[rows] if hasattr(dataset.inputs, "iloc") else dataset.inputs[rows]
    return replace(
        dataset, inputs=inputs, target=dataset.target.iloc[rows].reset_index(drop=True), groups=pick(dataset.groups),
        times=pick(dataset.times), series=pick(dataset.series), weight=pick(dataset.weight), given=pick(dataset.given),
    )  # fmt: skip


def lacking_labels(made: Split, dataset: Dataset, task: Task) -> tuple[Finding, ...]:
    """Findings about parts of a split in which a label has one value only: they cannot choose, or cannot score.

    Args:
        made: the split.
        dataset: that was split.
        task: of any goal; only of those that learn no target something is said.

    Returns:
        "unselected" for the validation rows, "unscored_test" for the test rows.
    """
    if goals.named(task).needs_target or dataset.target is None:
        return ()
    findings = []
    for check, rows, part in (("unselected", made.valid, "validation"), ("unscored_test", made.test, "test")):
        labels = dataset.target.iloc[rows, 0].dropna().unique()
        if not len(rows) or len(labels) > 1:
            continue
        what = f"All {counted(len(rows), f'{part} row')} are {labels[0]!r} by label {task.target[0]!r}"
        findings.append(Finding(check, *_CONSEQUENCES[check](what), (task.target[0],), count=len(rows)))
    return tuple(findings)


_CONSEQUENCES: dict[str, Callable[[str], tuple[Severity, str, str]]] = {
    "unselected": lambda what: (
        "medium",
        f"{what}, so no score chooses between models: each side trains one model with its first settings, as without a "
        "label, and 1 % of the validation rows raise alarms unless a contamination is given. The test rows are scored.",
        "Label some validation rows otherwise: add labelled rows, above all to the latest third before the test rows "
        "where rows are dated.",
    ),
    "unscored_test": lambda what: (
        "medium",
        f"{what}, so no score of them is defined and there is no verdict.",
        "Test on rows of both kinds: pass others with --test, or leave it out so that some are drawn from all rows.",
    ),
}
