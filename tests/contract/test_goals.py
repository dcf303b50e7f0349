"""What every goal must hold."""

from __future__ import annotations

import pytest

from automl import goals
from automl.testing import check_goal


@pytest.mark.parametrize("name", goals.known())
def test_goal_keeps_the_contract(name):
    check_goal(goals.named(name))
