"""Commands as a user types them: exit codes, what goes to which stream, and no traceback for the user's mistakes."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from automl import cli
from automl.errors import BundleError, DataError, MissingExtra
from automl.records import Dataset, Finding, Task

ROOT = Path(__file__).parents[2]


def automl(*arguments, **settings):
    """Run the command in a process of its own."""
    command = [sys.executable, "-c", "import sys; from automl.cli import main; sys.exit(main())", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, **settings)


@pytest.fixture
def api(monkeypatch, tmp_path):
    """`automl.api` replaced by one that records what it is called with."""
    import automl

    calls = SimpleNamespace(calls=[], folder=tmp_path)
    (tmp_path / "result.json").write_text('{"verdict": "tie"}\n')

    class Result:
        folder = tmp_path

        def __str__(self):
            return "Verdict: tie (undecided). Use boosting-1.\nReport: report.html"

    def fit(data, target=None, **flags):
        calls.calls.append(("fit", data, target, flags))
        print("noise from a library")
        return Result()

    def run(path, **flags):
        calls.calls.append(("run", path, flags))
        return Result()

    calls.fit, calls.run = fit, run
    monkeypatch.setattr(automl, "api", calls, raising=False)
    monkeypatch.setitem(sys.modules, "automl.api", calls)
    return calls


# --------------------------------------------------------------------------- fit and run


def test_flags_reach_the_api_and_those_left_out_do_not(api):
    assert cli.main(["fit", "a.csv", "--target", "y", "--target", "z", "--budget", "90s", "--max-trials", "3",
                          "--templates", "mlp, tabm", "--columns", "a=text", "--min-gain", "0.1", "--seed", "2",
                          "--time-column", "t", "--latency", "20", "--resume", "--out", "o",
                          "--retrains-per-year", "52", "--repeats", "5", "--fold-pairs", "4"]) == 0  # fmt: skip

    assert api.calls == [("fit", "a.csv", ["y", "z"], {
        "budget": "90s", "max_trials": 3, "templates": ["mlp", "tabm"], "columns": "a=text", "min_gain": 0.1, "seed": 2,
        "time_column": "t", "latency": "20", "resume": True, "out": "o", "source": "automl fit",
        "costs": {"retrains_per_year": 52.0}, "repeats": 5, "fold_pairs": 4,
    })]  # fmt: skip


def test_every_flag_of_the_design_is_there():
    text = automl("fit", "--help").stdout
    flags = ("target goal label metric test time-column series horizon group columns budget max-trials templates seed "
             "min-gain latency out resume json quiet")  # fmt: skip

    assert [flag for flag in flags.split() if not re.search(rf"--{flag}\b", text)] == []


def test_every_flag_of_fit_is_a_key_of_a_recipe():
    import inspect

    from automl.cli import contest
    from automl.recipe.schema import COST_KEYS, INNER_KEYS, KEYS, SEARCH_KEYS

    assert {*KEYS, *SEARCH_KEYS, *COST_KEYS} - set(INNER_KEYS) == set(inspect.signature(contest.fit).parameters)


def test_the_verdict_is_printed(api, capsys):
    assert cli.main(["run", "r.yaml", "--budget", "9"]) == 0

    assert "Verdict: tie" in capsys.readouterr().out
    assert api.calls == [("run", "r.yaml", {"budget": "9"})]


def test_every_flag_of_fit_replaces_a_key_of_a_recipe(api):
    import inspect

    from automl.cli import contest

    fit, run = (set(inspect.signature(one).parameters) for one in (contest.fit, contest.run))
    assert run - fit == {"recipe", "within"} and fit <= run
    assert cli.main(["run", "r.yaml", "--metric", "rmse", "--target", "y", "--drop", "a", "--drop", "b c",
                     "--templates", "mlp,tabm", "--no-ensemble", "--workers", "2", "--data", "b.csv"]) == 0  # fmt: skip
    assert api.calls == [("run", "r.yaml", {
        "metric": "rmse", "target": ["y"], "drop": ["a", "b c"], "templates": ["mlp", "tabm"], "ensemble": False,
        "workers": 2, "data": "b.csv",
    })]  # fmt: skip


@pytest.mark.parametrize(("quiet", "terminal"), [(False, True), (True, True), (False, False)])
def test_what_must_be_settled_is_printed_first_and_once(api, capsys, monkeypatch, quiet, terminal):
    from automl.records import Recipe
    from automl.report.trust import trust_of

    leak = Finding("leaking_column", "high", "'paid' explains all.", "Leave it out: --drop paid.")
    outcome = SimpleNamespace(recipe=Recipe(None, source="automl fit", quiet=quiet))

    class Result(SimpleNamespace):
        def __str__(self):
            return "Settle this before you rely on the result (trust: low):\n  high: 'paid' ...\nVerdict: tie."

    api.fit = lambda *a, **k: Result(folder=api.folder, trust=trust_of([leak]), outcome=outcome)
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: terminal, raising=False)
    assert cli.main(["fit", "a.csv"]) == 0
    shown = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out).splitlines()
    # on a terminal the progress has shown it, if it was not silenced
    assert [line.split()[0] for line in shown] == (
        ["Verdict:"] if terminal and not quiet else ["Settle", "high:", "Verdict:"]
    )


def test_an_address_given_on_the_command_line_is_the_leave_to_use_it(api):
    assert cli.main(["run", "r.yaml", "--ray-address", "auto"]) == 0
    assert api.calls == [("run", "r.yaml", {"ray_address": "auto"})]


def test_an_address_in_a_recipe_is_refused_before_ray_is_looked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    stub = tmp_path / "stub" / "ray"
    stub.mkdir(parents=True)
    (stub / "__init__.py").write_text("raise SystemExit('ray was imported')")
    monkeypatch.syspath_prepend(tmp_path / "stub")
    for address in ("ray://127.0.0.1:9", "127.0.0.1:9", "auto"):
        (tmp_path / "r.yaml").write_text(f'data: sklearn:iris\nsearch: {{workers: 2, ray_address: "{address}"}}\n')
        for command in (["validate", "r.yaml"], ["run", "r.yaml", "--out", "o"]):
            assert cli.main(command) == 2
            told = capsys.readouterr().err
            assert "r.yaml:2: search.ray_address" in told and "--ray-address" in told
    assert not (tmp_path / "o").exists()


def test_json_prints_the_result_and_nothing_else(api, capsys):
    assert cli.main(["fit", "a.csv", "--json"]) == 0
    said = capsys.readouterr()

    assert json.loads(said.out) == {"verdict": "tie"}
    assert "noise from a library" in said.err
    assert {k: v for k, v in api.calls[0][3].items() if k in ("json", "quiet")} == {"json": True, "quiet": True}


# --------------------------------------------------------------------------- errors


@pytest.mark.parametrize("error", [DataError("no column 'y' in a.csv; try 'z'"), BundleError("altered")])
def test_the_users_mistakes_are_exit_2_without_traceback(api, capsys, error):
    def fit(*a, **k):
        raise error

    api.fit = fit
    assert cli.main(["fit", "a.csv"]) == 2
    said = capsys.readouterr()

    assert ("", f"error: {error}\n") == (said.out, said.err)


def test_a_missing_extra_is_exit_2(api, capsys):
    def fit(*a, **k):
        raise MissingExtra("Excel files need openpyxl: pip install openpyxl")

    api.fit = fit
    assert cli.main(["fit", "a.xlsx"]) == 2
    assert "pip install openpyxl" in capsys.readouterr().err


def test_our_own_fault_is_exit_1_and_says_where_the_traceback_is(api, capsys):
    def fit(*a, **k):
        raise ZeroDivisionError("division by zero")

    api.fit = fit
    assert cli.main(["fit", "a.csv"]) == 1
    said = capsys.readouterr().err
    place = Path(re.search(r"The traceback is in (\S+);", said)[1])

    assert "ZeroDivisionError: division by zero" in said and "This is a fault in automl" in said
    assert "Traceback" not in said
    assert "Traceback (most recent call last)" in place.read_text()
    place.unlink()


def test_an_interrupt_is_exit_130(api):
    def fit(*a, **k):
        raise KeyboardInterrupt

    api.fit = fit
    assert cli.main(["fit", "a.csv"]) == 130


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fit", "nope.csv"], "'nope.csv' does not exist"),
        (["fit"], "DATA"),
        (["fit", "sklearn:iris", "--budget", "soon"], "budget: expected a time"),
        (["fit", "sklearn:iris", "--columns", "a"], "expected name=kind"),
        (["fit", "sklearn:iris", "--templates", ","], "expected names separated by commas"),
        (["fit", "sklearn:iris", "--budgte", "3"], "--budget"),
        (["fit", "sklearn:iris", "--seed", "x"], "--seed"),
        (["fti"], "fit"),
        (["run", "nope.yaml"], "nope.yaml: this recipe does not exist"),
        (["report", "nope"], "holds no finished run"),
        (["predict", "nope", "new.csv"], "holds no saved model"),
        (["predict", "nope", "new.csv", "--out", "a.doc"], "expected a name ending in"),
        (["validate", "nope.yaml"], "does not exist"),
    ],
)
def test_wrong_input_is_exit_2_in_every_command(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert cli.main(arguments) == 2
    said = capsys.readouterr()
    assert words in said.err and said.out == "" and "Traceback" not in said.err


def test_exit_codes_reach_the_shell(tmp_path):
    (tmp_path / "r.yaml").write_text("data: sklearn:iris\nbuget: 3\n")
    wrong = automl("validate", "r.yaml", cwd=tmp_path)
    missing = automl("fit", "nope.csv", cwd=tmp_path)

    assert 2 == wrong.returncode == missing.returncode
    assert "r.yaml:2: unknown key 'buget' (did you mean 'budget'?)" in wrong.stderr
    assert "Traceback" not in missing.stderr and missing.stdout == ""


# --------------------------------------------------------------------------- the other commands


def test_validate_says_valid(capsys):
    assert cli.main(["validate", str(ROOT / "recipes" / "quickstart.yaml")]) == 0
    assert capsys.readouterr().out.endswith("quickstart.yaml: valid; 31 columns of sklearn:breast_cancer checked\n")


def test_schema_is_json_and_can_be_written(capsys, tmp_path):
    assert cli.main(["schema"]) == 0
    assert cli.main(["schema", "--out", str(tmp_path / "s.json")]) == 0

    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "s.json").read_text())


def test_the_schema_of_results_is_json_and_can_be_written(capsys, tmp_path):
    assert cli.main(["schema", "--result"]) == 0
    assert cli.main(["schema", "--result", "--out", str(tmp_path / "s.json")]) == 0
    printed = json.loads(capsys.readouterr().out)

    assert printed == json.loads((tmp_path / "s.json").read_text()) and "verdict" in printed["properties"]


def test_version_is_printed(capsys):
    from automl import __version__

    assert cli.main(["--version"]) == 0
    assert f"{__version__}\n" == capsys.readouterr().out


def test_inspect_prints_plain_lines_when_piped(capsys):
    assert cli.main(["inspect", "sklearn:wine"]) == 0
    said = capsys.readouterr().out

    assert "multiclass" in said and "proline" in said and "\x1b" not in said
    assert "low: 114 training rows are few" in said


def test_inspect_prints_tables_on_a_terminal(capsys, monkeypatch):
    from automl import api
    from automl.cli import views

    views.show(api.inspect("sklearn:wine", target="cultivar"))
    said = capsys.readouterr().out

    assert "because" in said and "proline" in said and "training rows are few" in said


def test_inspect_loads_no_tensorflow():
    code = (
        "import sys; from automl.cli import main; main(['inspect', 'sklearn:wine']); "
        "assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)

    assert done.returncode == 0, done.stderr


FINDINGS = (Finding("a", "low", "Fine."), Finding("b", "medium", "2 pictures are blank.", "Replace them.", (), (7,), 2))


@pytest.fixture
def loaded(monkeypatch, tmp_path):
    """A run folder with a model that predicts "no"."""
    from automl import api

    (tmp_path / "run" / "model").mkdir(parents=True)
    (tmp_path / "run" / "model" / "bundle.json").write_text("{}")
    seen = []

    class Model:
        task = Task("tabular", "binary", ("y",), "accuracy", classes=("no", "yes"))

        def read(self, rows):
            return Dataset("new", pd.DataFrame({"a": [1, 2]}), findings=FINDINGS)

        def predict(self, rows):
            assert isinstance(rows, Dataset)
            return pd.Series(["no", "no"], name="y")

        def predict_proba(self, rows):
            return pd.DataFrame({"no": [0.5, 0.5], "yes": [0.5, 0.5]})

        def side(self, name):
            seen.append(name)
            return self

    def load(path, plugins=()):
        seen.extend([path, *plugins])
        return Model()

    monkeypatch.setattr(api, "load", load)
    return tmp_path / "run", seen


def test_predict_prints_a_table(loaded, capsys):
    run, seen = loaded

    assert cli.main(["predict", str(run), "new.csv"]) == 0
    assert capsys.readouterr().out == "y\nno\nno\n"
    assert [str(run)] == seen


def test_predict_makes_plug_ins_known_before_the_model_is_opened(loaded):
    run, seen = loaded

    assert cli.main(["predict", str(run), "new.csv", "--plugins", "counts, spectra"]) == 0
    assert [str(run), "counts", "spectra"] == seen


def test_predict_tells_on_standard_error_what_it_could_not_read(loaded, capsys):
    assert cli.main(["predict", str(loaded[0]), "new.csv"]) == 0
    told = capsys.readouterr().err.splitlines()

    assert told == ["medium: 2 pictures are blank. (Rows 7 and 1 more.) Replace them.", "low: Fine."]


def test_predict_knows_sides_and_probabilities(loaded, capsys):
    run, seen = loaded

    assert cli.main(["predict", str(run / "model"), "new.csv", "--side", "deep", "--proba"]) == 0
    assert capsys.readouterr().out == "no,yes\n0.5,0.5\n0.5,0.5\n"
    assert seen[-1] == "deep"


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p.parquet", "p.feather", "p.jsonl"])
def test_predict_writes_files(loaded, name, tmp_path, capsys):
    out = tmp_path / name
    assert cli.main(["predict", str(loaded[0]), "new.csv", "--out", str(out)]) == 0
    read = {
        ".csv": pd.read_csv, ".tsv": lambda p: pd.read_csv(p, sep="\t"), ".parquet": pd.read_parquet,
        ".feather": pd.read_feather, ".jsonl": lambda p: pd.read_json(p, lines=True),
    }[out.suffix]  # fmt: skip

    assert read(out)["y"].tolist() == ["no", "no"]
    assert capsys.readouterr().out == ""


def test_doctor_names_libraries_devices_and_policy(capsys, monkeypatch):
    from automl.cli import setting

    found = {"devices": [{"type": "GPU", "name": "gpu:0"}], "name": "gpu x2", "precision": "mixed_bfloat16",
             "n_accelerators": 2, "compiled": ["cnn", "mlp"], "float32": ["rnn"], "dispatch_seconds": 0.25,
             "replicas": ["GPU:0", "GPU:1"], "reasons": ["two cards"]}  # fmt: skip
    monkeypatch.setattr(setting, "PROBE", f"import json; print(json.dumps({found!r}))")
    assert cli.main(["doctor"]) == 0
    said = capsys.readouterr().out

    assert all(words in said for words in ("keras ", "cores", "disk free", "GPU gpu:0", "two cards"))
    assert "gpu x2 in mixed_bfloat16 (rnn in float32)" in said
    assert "GPUs: 2; XLA: cnn, mlp; a dispatch: up to 0.25 s; a trial: one device or GPU:0, GPU:1" in said


def test_doctor_survives_a_tensorflow_that_crashes(capsys, monkeypatch):
    from automl.cli import setting

    monkeypatch.setattr(setting, "PROBE", "import os, signal; os.kill(os.getpid(), signal.SIGILL)")
    assert cli.main(["doctor"]) == 1

    assert "TensorFlow does not load (signal 4)" in capsys.readouterr().out


def test_the_probe_of_doctor_works():
    from automl.cli import setting

    found = setting.training()

    assert "problem" not in found
    assert any(device["type"] == "CPU" for device in found["devices"]) and found["reasons"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError("Unable to allocate 9 GiB"), "memory ran out"),
        (OSError(12, "Cannot allocate memory"), "memory ran out"),
        (ImportError("a.so: failed to map segment from shared object"), "memory ran out"),
        (RuntimeError("can't start new thread"), "ulimit -u"),
        (OSError(11, "Resource temporarily unavailable"), "ulimit -u"),
        (OSError(24, "Too many open files"), "ulimit -n"),
        (OSError(28, "No space left on device"), "TMPDIR"),
        (OSError(27, "File too large"), "ulimit -f"),
        (FileNotFoundError(2, "No usable temporary directory found in ['/tmp']"), "TMPDIR"),
    ],
)
def test_a_limit_that_is_reached_is_exit_2_and_says_which(api, capsys, error, words):
    def fit(*a, **k):
        raise error

    api.fit = fit
    assert cli.main(["fit", "a.csv"]) == 2
    said = capsys.readouterr().err
    assert words in said and "fault in automl" not in said and said.count("\n") == 1


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), ImportError("no such name"), RuntimeError("x")])
def test_other_errors_stay_our_fault(api, capsys, error):
    def fit(*a, **k):
        raise error

    api.fit = fit
    assert cli.main(["fit", "a.csv"]) == 1
    said = capsys.readouterr().err
    Path(re.search(r"The traceback is in (\S+);", said)[1]).unlink()


def test_a_second_interrupt_is_said_and_is_130(monkeypatch, capfd):
    from automl.cli import app as module

    def stopped(*rest):
        raise KeyboardInterrupt

    monkeypatch.setattr("automl.flow.data_header.problems_of", stopped)
    assert module.main(["validate", "r.yaml"]) == 130
    assert capfd.readouterr().err.splitlines()[-1:] == ["interrupted"]
