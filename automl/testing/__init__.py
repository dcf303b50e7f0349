"""The contract that every plug-in must pass, as functions to call from its tests.

    from automl import testing
    from my_package import MY_TEMPLATE

    def test_my_template():
        testing.check_template(MY_TEMPLATE)

Each function raises AssertionError with the promise that was broken. They run on small synthetic data, in seconds.
"""

from automl.testing.analyses import check_analysis, example_context
from automl.testing.baselines import check_baseline
from automl.testing.examples import example_arrays, example_facts, example_head, example_specs, example_target
from automl.testing.fixed_finalists import fixed_context
from automl.testing.goals import check_goal
from automl.testing.metrics import check_metric
from automl.testing.modalities import check_modality
from automl.testing.outcomes import example_outcome
from automl.testing.sections import check_section
from automl.testing.settings import check_baseline_settings
from automl.testing.template_settings import check_settings, example_kinds
from automl.testing.templates import check_template

__all__ = [
    "check_analysis", "check_baseline", "check_baseline_settings", "check_goal", "check_metric", "check_modality",
    "check_section", "check_settings", "check_template", "example_arrays", "example_context", "example_facts",
    "example_head", "example_kinds", "example_outcome", "example_specs", "example_target",
    "fixed_context",
]  # fmt: skip
