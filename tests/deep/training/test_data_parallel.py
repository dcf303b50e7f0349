"""A trial over two logical CPU devices is the single device's trial up to rounding."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def found():
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("parallel_process.py"))],
        capture_output=True, text=True, timeout=900, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_the_policy_spreads_trials_over_logical_cpus_when_asked(found):
    assert found["policy"] == ["cpu", "CPU:0", "CPU:1"]


@pytest.mark.parametrize("network", ["plain", "norm", "clipped"])
def test_losses_weights_and_outputs_are_the_single_devices_for_batches_that_do_not_halve(found, network):
    """Weighted rows, weight decay and a regulariser included; "norm" has batch norm, "clipped" clips gradients."""
    seen = found[network]
    assert seen["first weights"]
    one, two = seen["losses"]
    assert two == pytest.approx(one, rel=1e-5) and one[-1] < one[0]
    assert seen["many steps"][1] == pytest.approx(seen["many steps"][0], rel=1e-5)
    assert seen["weights"] < 1e-5 and seen["outputs"] < 1e-4 and seen["few rows"] < 1e-4


def test_clipping_was_felt(found):
    assert found["clipped"]["losses"][0][-1] != found["plain"]["losses"][0][-1]


def test_the_devices_copies_stay_equal(found):
    assert found["copies"] == 0.0


def test_weights_move_to_one_device_and_through_a_saved_model(found):
    assert found["restored elsewhere"] < 1e-6 and found["saved"] < 1e-6


def test_a_snapshot_goes_on_bit_by_bit_and_devices_draw_other_dropout_masks(found):
    assert found["resumed"] and found["masks differ"]


def test_a_trial_of_a_shipped_template_runs_spread(found):
    assert found["trainer"]["failure"] is None and found["trainer"]["score"] > 0.9
