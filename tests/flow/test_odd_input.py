"""Some of `benchmarks/fuzz.py`: odd frames, damaged models and odd recipes end in a result or a refusal."""

from __future__ import annotations

import importlib
from collections import Counter

import pytest
from benchmark_scripts import benchmark, require_benchmark

SEED = 0

require_benchmark("fuzz")


@pytest.fixture(scope="module")
def fuzz():
    with benchmark("fuzz") as module:
        yield module


@pytest.fixture(scope="module")
def models(fuzz, tmp_path_factory):
    """Saved models of two sets of data, each family once or twice."""
    fuzz_bases = importlib.import_module("fuzz_bases")
    work = tmp_path_factory.mktemp("work")
    for name in ("table", "series"):
        fuzz_bases.make_shallow(work / "shallow", name, fuzz_bases.split_of(name)[1], most_settings=1)
    return work


def ended(fuzz, part, numbers, work):
    """How often each outcome came, and what was foreign."""
    results = [fuzz.run_one(SEED, part, number, work) for number in numbers]
    return Counter(said["outcome"] for said in results), [said for said in results if said["outcome"] not in fuzz.OK]


def test_odd_frames_end_in_a_result_or_a_refusal(fuzz, tmp_path):
    outcomes, foreign = ended(fuzz, "frames", range(40, 65), tmp_path)
    assert foreign == [] and min(outcomes["ok"], outcomes["refused"]) >= 5


def test_odd_recipes_end_in_a_result_or_a_refusal(fuzz, tmp_path):
    outcomes, foreign = ended(fuzz, "recipes", range(100, 140), tmp_path)
    assert foreign == [] and outcomes["refused"] >= 20


def test_damaged_models_end_in_a_result_or_a_refusal(fuzz, models, monkeypatch):
    fuzz_files = importlib.import_module("fuzz_files")
    monkeypatch.setattr(fuzz_files, "KINDS", ("shallow",))
    monkeypatch.setitem(fuzz_files.RUNS, "files", fuzz_files.one_bundle)
    outcomes, foreign = ended(fuzz, "files", range(1000, 1020), models)
    assert foreign == [] and outcomes["ok"] >= 1 and outcomes["refused"] >= 3


def test_an_exception_that_is_no_refusal_is_found_with_its_place(fuzz, tmp_path, monkeypatch):
    fuzz_frames = importlib.import_module("fuzz_frames")

    def fails(rng, folder, work, number, stage):
        stage("inspect", "nothing")
        importlib.import_module("automl.storage.npz").read_npz(object(), 0)

    monkeypatch.setitem(fuzz_frames.RUNS, "frames", fails)
    said = fuzz.run_one(SEED, "frames", 0, tmp_path)
    assert (said["outcome"], said["stage"]) == ("foreign", "inspect") and said["frame"].startswith("storage/npz.py:")


def test_the_same_number_is_the_same_input(fuzz, tmp_path):
    fuzz_forms = importlib.import_module("fuzz_forms")
    made = []
    for copy in ("a", "b"):
        (tmp_path / copy).mkdir()
        made.append([])
        for number in range(12):
            place = tmp_path / copy / str(number)
            place.mkdir()
            one = fuzz_forms.made(fuzz.generator(SEED, "frames", number), place)
            made[-1].append(
                (one.told, str(sorted(one.options)), [f.read_bytes() for f in sorted(place.glob("d*.csv"))])
            )
    assert made[0] == made[1]
