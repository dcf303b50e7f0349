"""Each case of `cases` is run once in a session: those of a recipe as that recipe, others with a network of one layer.

So each modality is seen with a shipped template, and each goal with the flow around it. One trial a side and no bound
on time that a slow machine could reach.
"""

import functools
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from cases import CASES, RECIPES
from tiny_network import TINY_OPTIONS

ROOT = Path(__file__).resolve().parents[2]


OPTIONS = {"budget": "60m", "max_trials": 1, "quiet": True}


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """name → (arguments, Result)."""
    import automl
    from automl import recipe

    @functools.cache
    def run(name):
        out = str(tmp_path_factory.mktemp("runs") / name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("automl.flow.budget.allocation.MOST_REFITS", 2)
            if name in RECIPES:
                path = ROOT / "recipes" / f"{RECIPES[name]}.yaml"
                asked = recipe.read(path)
                arguments = {"data": asked.data, "target": asked.target[0] if asked.target else None}
                return arguments, automl.run(path, out=out, **OPTIONS)
            arguments = CASES[name]()
            return arguments, automl.fit(**arguments, out=out, **OPTIONS, **TINY_OPTIONS)

    return run
