"""The contract of a deep template."""

from __future__ import annotations

from collections.abc import Sequence

from automl.goals import known
from automl.records import GoalName, Template
from automl.testing.examples import example_facts, example_head, example_specs, example_task
from automl.testing.promise import promise
from automl.testing.template_networks import (
    built,
    check_knobs,
    check_learns,
    check_round_trip,
    check_seed,
    check_shape,
)
from automl.testing.template_settings import of_other_networks, points

__all__ = ["check_template"]


def check_template(template: Template, goals: Sequence[GoalName] = (), n_random: int = 3) -> None:
    """Check that a template keeps what the search loop relies on.

    - its space declares learning_rate, weight_decay, batch_size and epochs, and every knob as a float (given inputs of
      all kinds that it accepts); its starts name only what the space declares, within its bounds;
    - it builds for each goal, and from the defaults, each start and random points (of those that differ in nothing but
      knobs, batch size and epochs, from the first), with inputs named as specs and float32 output of the head's shape;
      each input kind that it accepts is read by one of these networks at least;
    - same seed, same weights; every weight has a gradient, losses are finite, a few steps lower them (but for a game
      of two networks, `Template.is_game`, whose weights move);
    - knobs are read at every step, without tracing again, and are not saved;
    - it is made of Keras's layers and ours alone, and saved and loaded it predicts the same bits.

    Args:
        template: to check.
        goals: of those it claims, the ones to check; empty for all.
        n_random: points per goal.

    Raises:
        AssertionError: a promise is broken; says which.
    """
    for number, goal in enumerate(goals or template.goals):
        promise(goal in template.goals, f"{template.name} does not claim the goal {goal!r}")
        promise(goal in known(), f"{template.name}: no example of the goal {goal!r}; goals are {', '.join(known())}")
        specs, facts = example_specs(template.accepts, goal), example_facts(goal)
        head = example_head(goal, specs)
        reason = template.unfit(example_task(goal), specs)
        promise(reason is None, f"{template.name} accepts {template.accepts} but finds them unfit: {reason}")
        tried = points(template, specs, facts, n_random)
        model, knobs = built(template, tried[0], specs, head)
        first = model.get_weights()
        check_shape(template, model, specs, head)
        if number == 0:  # what does not depend on the goal
            read = {tensor.name for tensor in model.inputs}
            for point in of_other_networks(template, tried)[1:]:
                other = built(template, point, specs, head)[0]
                check_shape(template, other, specs, head)
                read |= {tensor.name for tensor in other.inputs}
            left = sorted({spec.name for spec in specs} - read)
            promise(not left, f"{template.name} accepts {template.accepts}, but no setting tried reads {left}")
            same = built(template, tried[0], specs, head)
            other = built(template, tried[0], specs, head, seed=1)[0]
            check_seed(template, first, same[0].get_weights(), other.get_weights())
            check_knobs(template, *same, specs, head)
            check_round_trip(template, model, specs)
        check_learns(template, model, knobs, specs, head, n_steps=0 if number else 4)
