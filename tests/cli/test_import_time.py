"""What answers at once loads nothing heavy, and answers at once."""

import json
import subprocess
import sys
import time

import pytest

HEAVY = ("tensorflow", "keras", "keras_tuner", "sklearn", "pandas", "matplotlib", "scipy", "skrub", "pydantic", "yaml")


def timed(code):
    """Least seconds of several runs, and what the code printed."""
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        seconds.append(time.perf_counter() - begun)
    return min(seconds), done.stdout


LOADED = f"import json, sys; print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"


HELP = "from automl.cli import main; main(['--help'])"


@pytest.mark.parametrize("code", ["import automl", "import automl.cli", HELP])
def test_nothing_heavy_is_loaded(code):
    _, said = timed(f"{code}; {LOADED}")

    assert json.loads(said.splitlines()[-1]) == []


def test_the_package_is_imported_at_once():
    bare, _ = timed("pass")
    ours, _ = timed("import automl")

    assert ours - bare < 0.3


def test_help_is_there_at_once():
    bare, _ = timed("pass")
    ours, _ = timed(HELP)

    assert ours - bare < 0.5
