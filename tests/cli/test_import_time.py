"""What answers at once loads nothing heavy, and little at all: modules are counted, for seconds are the machine's."""

import json
import subprocess
import sys

import pytest

HEAVY = {"tensorflow", "keras", "keras_tuner", "sklearn", "pandas", "matplotlib", "scipy", "skrub", "pydantic", "yaml"}
CODE = """
import json, sys
before = set(sys.modules)
{code}
print(json.dumps(sorted(set(sys.modules) - before)))
"""
HELP = "from automl.cli import main; main(['--help'])"


@pytest.mark.parametrize(("code", "most"), [("import automl", 20), ("import automl.cli", 200), (HELP, 200)])
def test_nothing_heavy_and_little_else_is_loaded(code, most):
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(code=code)], capture_output=True, text=True, check=True, timeout=600
    )
    loaded = json.loads(done.stdout.splitlines()[-1])

    assert HEAVY & set(loaded) == set()
    assert 0 < len(loaded) < most


def test_the_package_runs_as_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "automl", "--help"], capture_output=True, text=True, check=True, timeout=600
    )

    assert done.stdout.startswith("Usage: ")
    assert "inspect" in done.stdout
