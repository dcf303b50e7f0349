"""Each setting of each template of the catalog matters, for inputs of each kind that it reads.

These have a file of their own, so that another process runs them than those of `test_templates`.
"""

from dataclasses import replace

import pytest

from automl import catalog, testing
from automl.records import Template

TEMPLATES = catalog.members(Template, "automl.templates")


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
    template = TEMPLATES["text_cnn"]

    def space(hp, specs, facts):
        template.space(hp, specs, facts)
        hp.Choice("category_dim", [4, 8], default=8)

    with pytest.raises(AssertionError, match="'category_dim' changes nothing for inputs of the kind 'tokens'"):
        testing.check_settings(replace(template, space=space), "tokens")
