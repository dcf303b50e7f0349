"""Each case of `cases` is run once in a session; those that a recipe covers are run as that recipe, in less time."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from cases import CASES, RECIPES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """name → (arguments, Result)."""
    import automl
    from automl import recipe

    done: dict[str, tuple] = {}

    def run(name):
        if name in done:
            return done[name]
        out = tmp_path_factory.mktemp("runs") / name
        if name in RECIPES:
            path = ROOT / "recipes" / f"{RECIPES[name]}.yaml"
            asked = recipe.read(path)
            arguments = {"data": asked.data, "target": asked.target[0] if asked.target else None}
            done[name] = (arguments, automl.run(path, budget="20s", max_trials=1, out=str(out), quiet=True))
        else:
            arguments = CASES[name]()
            done[name] = (arguments, automl.fit(**arguments, budget="20s", max_trials=1, out=str(out), quiet=True))
        return done[name]

    return run
