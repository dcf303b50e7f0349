"""Goals without a target on real sets: anomalies in tables, pictures and series, and representations under a probe.

    python benchmarks/unlabelled.py [--data DIR] [--series DIR] [--budget 60] [--only NAME,...] [--seed 0] [--out FILE]
        [--packages PACKAGES] [--pyod PYTHON]

Each line is one contest in a process of its own; what `--out` holds already is not run again. DIR is the data folder of
`contest.py`. `--series` is the `datasets/data` folder of an unpacked `aeon` wheel (1.6.0), which ships two series with
marked anomalies and the set GunPoint. `--packages` holds unpacked registry packages, as `public_tables.py` says; four
of its tables are read. With `--pyod` the interpreter of an environment with pyod scores the same test rows by ECOD and
kNN. Printed for
anomalies: ROC AUC and average precision of both finalists on the test rows, whatever metric chose them; for
representations the accuracy or ROC AUC of probes. The last line of JSON holds means.

Sets: `shuttle_normal` and `shuttle_mixed` (normal rows only, and rows as they come), `fashion_0` to `fashion_9` (one
class is normal, the others of the test part are anomalies), ten tables whose classes scikit-learn, DIR or PACKAGES
name, three series (two of aeon, and DIR's recordings of motions one after another, of which some are of a rarer kind),
and representations of pictures, tables and series.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from resumed import resumed

ROOT = Path(__file__).resolve().parent.parent
Case = dict[str, Any]
PUBLIC = Path(__file__).with_name("public_tables.json")
PUBLIC_NAMES = ("mortgage_denial", "loan_approval", "unemployment_benefits", "heating_system")
TABLES = ("breast_cancer", "wine", "digits", "iris", "letter", "adult")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--series", default="")
    parser.add_argument("--packages", default="", help="folder with a folder for each package")
    parser.add_argument("--budget", default="60")
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="")
    parser.add_argument("--keep", default="", help="folder for the runs (default: a temporary one)")
    parser.add_argument("--pyod", default="", help="interpreter of an environment with pyod")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


# --------------------------------------------------------------------------- sets


def shuttle(folder: Path, normal: bool) -> Case:
    """Valves of a shuttle: 7 % of the rows are anomalies."""
    import pandas as pd

    frame = pd.read_csv(folder / "shuttle_anomaly.csv.gz")
    test = np.load(folder / "splits" / "shuttle_anomaly.npy") == 1
    case = {"data": frame[~test], "test": frame[test], "label": "anomaly", "goal": "anomaly"}
    return {**case, "normal": "0"} if normal else case


def pictures(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with np.load(folder / f"{name}.npz") as arrays:
        X, y = arrays["X"], arrays["y"]
    return X.reshape(-1, 28, 28).astype("uint8"), y.astype(int), np.load(folder / "splits" / f"{name}.npy") == 1


def fashion(folder: Path, normal: int) -> Case:
    """One class of clothes is normal."""
    X, y, test = pictures(folder, "fashion_mnist15k")
    return {"data": (X[~test], y[~test]), "test": (X[test], y[test]), "goal": "anomaly", "normal": str(normal)}


def table(folder: Path, name: str) -> Case:
    """A table of classes; see `with_rare_class`."""
    import pandas as pd
    from sklearn import datasets

    if hasattr(datasets, f"load_{name}"):
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    else:
        entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
        frame = pd.read_csv(folder / entry["file"])
        y = frame.pop(entry["target"]).to_numpy()
    return with_rare_class(frame, y)


def public_table(packages: Path, entry: dict[str, Any]) -> Case:
    """A table of a registry package; see `public_tables.py`."""
    import io

    import pandas as pd
    from public_tables import table as unpacked

    text = unpacked(packages, entry)
    y = text.pop(entry["target"]).to_numpy()
    return with_rare_class(pd.read_csv(io.StringIO(text.to_csv(index=False))), y)


def with_rare_class(frame: Any, y: np.ndarray) -> Case:
    """The rarest class is an anomaly; of a frequent one a twentieth of the rows is kept."""
    names, counts = np.unique(y.astype(str), return_counts=True)
    is_anomaly = y.astype(str) == names[counts.argmin()]
    rng = np.random.default_rng(0)
    rare = np.flatnonzero(is_anomaly)
    rare = rng.permutation(rare)[: max(20, int((~is_anomaly).sum() / 19))]
    rows = np.sort(np.concatenate([np.flatnonzero(~is_anomaly), rare]))
    frame = frame.iloc[rows].assign(is_anomaly=is_anomaly[rows].astype(int)).reset_index(drop=True)
    test = np.zeros(len(frame), bool)
    for value in (0, 1):
        own = rng.permutation(np.flatnonzero(frame["is_anomaly"] == value))
        test[own[: round(0.4 * len(own))]] = True
    return {"data": frame[~test], "test": frame[test], "label": "is_anomaly", "goal": "anomaly"}


def labelled_series(folder: Path, name: str) -> Case:
    """A long series with a label for each point; its later part tests."""
    import pandas as pd

    path = {
        "bleeding": folder / "KDD-TSAD_135" / "135_UCR_Anomaly_InternalBleeding16_TEST.csv",
        "ecg": folder / "UnitTest" / "ecg-diff-count-3_TEST.csv",
    }[name]
    frame = pd.read_csv(path)
    label = frame.columns[-1]
    inputs = frame.drop(columns=[label, "timestamp"])
    inputs.columns = [f"x{i}" for i in range(inputs.shape[1])]
    stamps = pd.date_range("2024-01-01", periods=len(frame), freq="s")
    frame = inputs.assign(time=stamps, is_anomaly=frame[label].astype(float).astype(int))
    marked = np.flatnonzero(frame["is_anomaly"])
    cut = int(marked[len(marked) // 2]) if len(marked) else len(frame) // 2  # half of the anomalies test
    return {
        "data": frame[:cut], "test": frame[cut:], "label": "is_anomaly", "goal": "anomaly", "time_column": "time",
    }  # fmt: skip


def motions(folder: Path) -> Case:
    """Recordings of walking and running, one after another; those of badminton among them are anomalies."""
    import pandas as pd

    with np.load(folder / "basic_motions.npz") as arrays:
        X, y = arrays["X"], arrays["y"].astype(str)
    rng = np.random.default_rng(0)
    usual = rng.permutation(np.flatnonzero((y == "Walking") | (y == "Running")))
    rare = rng.permutation(np.flatnonzero(y == "Badminton"))[:8]
    half = len(usual) // 2
    parts = [rng.permutation(np.r_[usual[:half], rare[:4]]), rng.permutation(np.r_[usual[half:], rare[4:]])]
    order = np.concatenate(parts)  # both halves have four of them
    steps = X.shape[2]
    values = X[order].transpose(0, 2, 1).reshape(-1, X.shape[1])
    frame = pd.DataFrame(values, columns=[f"x{i}" for i in range(X.shape[1])]).assign(
        time=pd.date_range("2024-01-01", periods=len(values), freq="s"),
        is_anomaly=np.repeat(np.isin(order, rare).astype(int), steps),
    )
    cut = len(parts[0]) * steps
    return {
        "data": frame[:cut], "test": frame[cut:], "label": "is_anomaly", "goal": "anomaly", "time_column": "time",
    }  # fmt: skip


def representation(folder: Path, name: str) -> Case:
    """Rows with a class that a probe is to tell."""
    import pandas as pd

    if name == "fashion":
        X, y, test = pictures(folder, "fashion_mnist15k")
        return {"data": (X[~test], y[~test]), "test": (X[test], y[test]), "goal": "represent", "dims": 64}
    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
    test = np.load(folder / "splits" / f"{name}.npy") == 1
    if entry["file"].endswith(".npz"):
        with np.load(folder / entry["file"]) as arrays:
            X, y = arrays["X"], arrays["y"].astype(str)
        return {"data": (X[~test], y[~test]), "test": (X[test], y[test]), "goal": "represent"}
    frame = pd.read_csv(folder / entry["file"])
    case = {"data": frame[~test], "test": frame[test], "goal": "represent", "label": entry["target"]}
    return {**case, "dims": 32} if name == "adult" else case


def gun_point(folder: Path) -> Case:
    """Series of the UCR archive in the archive's own parts, for a probe."""
    from public_sequences import read_ts

    parts = {}
    for part in ("TRAIN", "TEST"):
        series, labels = read_ts((folder / "GunPoint" / f"GunPoint_{part}.ts").read_text("utf-8"))
        parts[part] = (np.array(series, "float32"), np.array(labels))
    return {"data": parts["TRAIN"], "test": parts["TEST"], "goal": "represent"}


def cases(args: argparse.Namespace) -> dict[str, Callable[[], Case]]:
    """Every set by name; those of series and of packages where their folder is given."""
    folder, series = Path(args.data), Path(args.series)
    made: dict[str, Callable[[], Case]] = {
        "shuttle_normal": lambda: shuttle(folder, True),
        "shuttle_mixed": lambda: shuttle(folder, False),
    }
    for code in range(10):
        made[f"fashion_{code}"] = lambda code=code: fashion(folder, code)
    for name in TABLES:
        made[f"table_{name}"] = lambda name=name: table(folder, name)
    for entry in json.loads(PUBLIC.read_text("utf-8")) if args.packages else ():
        if entry["name"] not in PUBLIC_NAMES:
            continue
        made[f"table_{entry['name']}"] = lambda entry=entry: public_table(Path(args.packages), entry)
    made["series_motions"] = lambda: motions(folder)
    for name in ("bleeding", "ecg") if args.series else ():
        made[f"series_{name}"] = lambda name=name: labelled_series(series, name)
    for name in ("fashion", "adult", "letter", "osu_leaf", "basic_motions"):
        made[f"represent_{name}"] = lambda name=name: representation(folder, name)
    if args.series:
        made["represent_gun_point"] = lambda: gun_point(series)
    return made


# --------------------------------------------------------------------------- one contest


def one(name: str, args: argparse.Namespace) -> None:
    """Run one contest in this process and print its line."""
    import automl

    case = cases(args)[name]()
    out = Path(args.keep or tempfile.mkdtemp()) / f"{name}-{args.seed}"
    begun = time.monotonic()
    result = automl.fit(**case, budget=args.budget, seed=args.seed, out=str(out), quiet=True, analysis=0)
    whole = time.monotonic() - begun
    told = result.result
    runs = told["runs"]
    line: dict[str, Any] = {
        "name": name, "seed": args.seed, "goal": case["goal"], "verdict": told["verdict"], "reason": told["reason"],
        "gain": told["gain"], "interval": told["interval"], "wall_seconds": told["wall_seconds"],
        "with_report_seconds": whole, "metric": told["task"]["metric"],
        **{f"{s}_trials": sum(r["side"] == s and r["status"] != "failed" for r in runs) for s in ("deep", "shallow")},
    }  # fmt: skip
    for side in ("deep", "shallow"):
        own = next((r for r in runs if r["side"] == side and r["finalist"]), None)
        line |= {side: own and own["test_score"], f"{side}_name": own and own["name"]}
    if case["goal"] == "anomaly":
        line |= _both_metrics(result.outcome)
    if args.pyod and hasattr(case["data"], "columns") and "time_column" not in case:
        line |= pyod(args.pyod, case)
    print(json.dumps(line), flush=True)


def _both_metrics(outcome: Any) -> dict[str, Any]:
    from automl import metrics

    return {
        f"{contestant.side}_{short}": metrics.score(metric, outcome.truth, contestant.output, None, outcome.context)
        for contestant in outcome.contestants
        for metric, short in (("roc_auc", "auc"), ("average_precision", "ap"))
    }


PYOD = """
import json, sys
import numpy as np, pandas as pd
from pyod.models.ecod import ECOD
from pyod.models.knn import KNN
from sklearn.metrics import average_precision_score, roc_auc_score
train, test, label = pd.read_csv(sys.argv[1]), pd.read_csv(sys.argv[2]), sys.argv[3]
if sys.argv[4]:
    train = train[train[label].astype(str) == sys.argv[4]]
A, B = (pd.get_dummies(f.drop(columns=label)).astype(float) for f in (train, test))
B = B.reindex(columns=A.columns, fill_value=0.0)
middle, scale = A.mean(), A.std().replace(0, 1.0)
A, B, y = ((A - middle) / scale).fillna(0).to_numpy(), ((B - middle) / scale).fillna(0).to_numpy(), test[label]
said = {}
for name, model in (("ecod", ECOD()), ("knn", KNN(n_neighbors=5))):
    scores = model.fit(A).decision_function(B)
    said |= {f"pyod_{name}_auc": roc_auc_score(y, scores), f"pyod_{name}_ap": average_precision_score(y, scores)}
print(json.dumps(said))
"""


def pyod(python: str, case: Case) -> dict[str, float]:
    """ROC AUC and average precision of two of pyod's detectors with their own settings, on standardised columns."""
    folder = Path(tempfile.mkdtemp())
    for part in ("data", "test"):
        case[part].to_csv(folder / f"{part}.csv", index=False)
    files = [str(folder / "data.csv"), str(folder / "test.csv")]
    done = subprocess.run(
        [python, "-c", PYOD, *files, case["label"], case.get("normal", "")], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return {}
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


# --------------------------------------------------------------------------- all


def main() -> None:
    args = arguments()
    if args.one:
        one(args.one, args)
        return
    wanted = [name for name in cases(args) if not args.only or name in args.only.split(",")]
    lines = resumed(__file__, wanted, args.out, {"seed": args.seed}, _show)
    print(json.dumps(_means([line for line in lines if line["name"] in wanted])))


def _show(line: dict[str, Any]) -> None:
    keys = [key for key in line if key.endswith(("_auc", "_ap"))] or ["deep", "shallow"]
    scores = "  ".join(f"{key} {line[key]:.4f}" for key in keys if line[key] is not None)
    print(f"{line['name']:22} {scores}  {line['verdict']} ({line['reason']}), {line['wall_seconds']:.0f} s", flush=True)


def _means(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean of each figure over the sets of a kind."""
    made: dict[str, Any] = {"sets": len(lines)}
    for kind in sorted({line["name"].partition("_")[0] for line in lines}):
        own = [line for line in lines if line["name"].startswith(kind)]
        keys = {key for line in own for key, value in line.items() if key.endswith(("_auc", "_ap", "deep", "shallow"))
                and isinstance(value, float)}  # fmt: skip
        known = {key: [line[key] for line in own if line.get(key) is not None] for key in sorted(keys)}
        made[kind] = {key: statistics.fmean(values) for key, values in known.items()}
    return made


if __name__ == "__main__":
    main()
