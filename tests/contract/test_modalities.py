"""What every modality must hold."""

from __future__ import annotations

import pytest

from automl import modalities
from automl.testing import check_modality


@pytest.mark.parametrize("name", modalities.known())
def test_modality_keeps_the_contract(name):
    check_modality(modalities.named(name))
