"""Begins the search of each template: its space, its oracle, its prior."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from automl.deep.family import FamilySearch
from automl.deep.oracle import Oracle
from automl.deep.training.failure import explain
from automl.deep.training.loss_knobs import declare
from automl.deep.training.pretraining import declare_start
from automl.records import DRAWN, START

if TYPE_CHECKING:
    from automl.deep.training.trainer import Trainer
    from automl.records import Facts, InputSpec, Template

__all__ = ["begun_searches", "fingerprints_of_spaces"]


def begun_searches(
    templates: Iterable[Template],
    specs: Sequence[InputSpec],
    facts: Facts,
    trainer: Trainer,
    *,
    oracle: str,
    seed: int,
    on_left_out: Callable[[str, str], None],
) -> list[FamilySearch]:
    """A search for each template whose space, starting points and prior raise no error.

    Args:
        templates: that fit the task.
        specs: inputs of the networks.
        facts: numbers about the training rows.
        trainer: that will run the trials.
        oracle: KerasTuner's algorithm by name.
        seed: of the oracles.
        on_left_out: called with the name of a template that is left out, and why.
    """
    searches = []
    for template in templates:
        try:
            searches.append(_begun(template, specs, facts, trainer, oracle, seed))
        except Exception as error:  # a template's own fault must not end the contest
            on_left_out(template.name, f"its space cannot be searched ({explain(error).words})")
    return searches


def _begun(
    template: Template, specs: Sequence[InputSpec], facts: Facts, trainer: Trainer, name: str, seed: int
) -> FamilySearch:
    def declare_others(space: Any) -> None:
        """Add the hyperparameters that are not the template's own."""
        declare(space, trainer.training_data.head, trainer.training_data.metric, specs)
        if trainer.pretraining is not None and not template.keeps_rows:
            declare_start(space)

    oracle = Oracle(
        template, specs, facts, higher_is_better=trainer.higher_is_better, seed=seed, name=name, also=declare_others
    )
    if START in oracle.defaults:
        oracle.second({START: DRAWN})
    prior = 1.0 if template.prior is None else max(float(template.prior(specs, facts)), 1e-3)
    return FamilySearch(template, oracle, prior=prior)


def fingerprints_of_spaces(searches: Iterable[FamilySearch]) -> dict[str, str]:
    """A fingerprint of each template's search space."""
    texts = {search.template.name: repr(search.oracle.space.get_config()) for search in searches}
    return {
        f"space of {name}": hashlib.blake2b(text.encode(), digest_size=8).hexdigest() for name, text in texts.items()
    }
