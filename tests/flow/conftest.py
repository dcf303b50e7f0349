"""Each case of `cases` is run once in a session."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from cases import CASES


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """name → (arguments, Result)."""
    import automl

    done: dict[str, tuple] = {}

    def run(name):
        if name not in done:
            arguments = CASES[name]()
            out = tmp_path_factory.mktemp("runs") / name
            done[name] = (arguments, automl.fit(**arguments, budget="20s", max_trials=1, out=str(out), quiet=True))
        return done[name]

    return run
