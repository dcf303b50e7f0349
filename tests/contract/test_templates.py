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
