"""Every template of the catalog keeps the contract of `automl.testing.check_template`."""

import pytest

from automl import catalog, testing
from automl.records import Template

TEMPLATES = catalog.members(Template, "automl.templates")
ONE_A_KIND = ("autoencoder", "cnn", "mlp", "nhits", "resnet1d", "table_vae", "text_cnn")
"""Templates that are checked each time; all others are by the thorough tests."""
assert set(ONE_A_KIND) <= set(TEMPLATES)


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_has_a_name_that_people_know(name):
    title = TEMPLATES[name].title
    assert title and title != name and len(title) <= 90 and title.count("(") == title.count(")") <= 1


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in ONE_A_KIND else [pytest.mark.thorough]) for name in TEMPLATES]
)
def test_template_keeps_the_contract(name):
    """For its first goal all that does not depend on the goal, and that the last one is learnt."""
    goals = TEMPLATES[name].goals
    testing.check_template(TEMPLATES[name], dict.fromkeys((goals[0], goals[-1])), n_random=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", TEMPLATES)
def test_template_keeps_the_contract_for_each_goal_and_at_random_points(name):
    testing.check_template(TEMPLATES[name], n_random=3)


def is_only_kind(kinds):
    """Whether inputs of all kinds are those of a single one, with which all is checked."""
    return len(kinds) == 2 and len({tuple(spec.name for spec in specs) for specs in kinds.values()}) == 1


KINDS = [
    pytest.param(name, kind, marks=[pytest.mark.slow] if kind == "all" and len(kinds) > 2 else [])
    for name, kinds in ((name, testing.example_kinds(template)) for name, template in TEMPLATES.items())
    for kind in kinds
    if kind != "all" or not is_only_kind(kinds)
]


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_each_setting_matters_for_inputs_of_each_kind(name, kind):
    testing.check_settings(TEMPLATES[name], kind)


def test_a_setting_that_changes_nothing_is_found():
    from dataclasses import replace

    template = TEMPLATES["text_cnn"]

    def space(hp, specs, facts):
        template.space(hp, specs, facts)
        hp.Choice("category_dim", [4, 8], default=8)

    with pytest.raises(AssertionError, match="'category_dim' changes nothing for inputs of the kind 'tokens'"):
        testing.check_settings(replace(template, space=space), "tokens")


def test_each_file_of_the_room_holds_exactly_one_template_named_as_the_file():
    import pkgutil

    import automl.templates

    assert {module.name for module in pkgutil.iter_modules(automl.templates.__path__) if not module.ispkg} == set(
        TEMPLATES
    )


def test_importing_the_room_loads_no_keras():
    import subprocess
    import sys

    code = (
        "import sys; from automl import catalog, records; catalog.members(records.Template, 'automl.templates'); "
        "sys.exit(sum(name in sys.modules for name in ('keras', 'tensorflow', 'keras_tuner')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
