"""A saved model that says it keeps no rows holds nothing that only a few rows said, wherever in its files one looks."""

import base64
import io
import json
import struct
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from automl import audit, bundle, catalog, goals, modalities
from automl import detect as detection
from automl.records import Baseline, Dataset, Facts, FitContext, Recipe, Split, Task, Template
from automl.sides.predictors import DeepPredictor, ShallowPredictor

N_TRAIN, N_VALID, N_TEST = 173, 50, 50  # a prime of training rows: no array has so many by chance
N = N_TRAIN + N_VALID + N_TEST
TRAIN = np.arange(N_TRAIN)
COMMON = {"tabular": ("oftentown", "oftentag", "oftenhost.example"), "text": ("oftenword",)}
RARE_WORDS = tuple(f"qzrareword{'abcd'[n - 1]}" for n in (1, 2, 3, 4))  # in so many rows
SECRETS = ("sk-live-9f8e7d6c5b4aplanted", "ann.planted@example.org", "Plantedperson")
RARE_LEVELS = tuple(f"zyxtown{'abcd'[n - 1]}" for n in (1, 2, 3, 4))
ENDS = (91037.23, 137.119)  # the greatest and the least of a column
TARGET_ENDS = (88123.617, 5.0631)


SMALLER = {"n_trees": 30, "max_iter": 60, "n_estimators": 40, "convolutions": 500, "patience": 20}
"""Settings that fit in a moment; `-m slow` looks at the models as they are used."""
SIZES = [pytest.param(SMALLER, id="smaller"), pytest.param({}, id="as used", marks=pytest.mark.slow)]


def settings_of(baseline, task, n, smaller):
    found = dict(next(iter(baseline.settings(task, Facts(n, len(task.classes)), 0))))
    return found | {name: least for name, least in smaller.items() if (found.get(name) or 0) > least}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Small fits are quicker on one thread, most of all on a busy machine."""
    with threadpool_limits(1):
        yield


# --------------------------------------------------------------------------- looking through a bundle


BETWEEN = b"\n\xfe\xff\xfe\n"
"""Between two things that are held; no text and no number that is looked for has it."""


def held(folder):
    """All that a bundle's files hold: their bytes and unpacked ones of archives in one, and arrays."""
    blobs, arrays = [], []
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        if not zipfile.is_zipfile(path):
            blobs.append(content)
            continue
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [archive.read(name) for name in archive.namelist()]
        blobs += members
        for member in members:
            if member[:6] == b"\x93NUMPY":
                arrays.append(np.load(io.BytesIO(member), allow_pickle=False))
    for blob in list(blobs):
        if blob.lstrip()[:1] in (b"{", b"["):
            for text in texts_in(json.loads(blob)):
                blobs.append(text.encode("utf-8", "surrogatepass"))
                try:
                    blobs.append(base64.b64decode(text, validate=True))
                except ValueError:
                    continue
    return BETWEEN.join(blobs), arrays


def texts_in(node):
    """Every text and key of a JSON document."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from texts_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts_in(value)


def is_in(blob, text):
    """Whether a text is there, in any case and any of the encodings that JSON, NumPy and HDF5 write."""
    spellings = {text, text.casefold(), text.upper()}
    needles = [s.encode(code) for s in spellings for code in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")]
    return any(needle in blob for needle in needles)


def has_number(blob, value):
    """Whether a number is there as text or as a float of eight bytes."""
    needles = [repr(value).encode(), f"{value:,}".encode(), struct.pack("<d", value), struct.pack(">d", value)]
    return any(needle in blob for needle in needles)


# --------------------------------------------------------------------------- data with planted values


def planted(cells, values, seed):
    """Put each value into some rows of the training part: the first into one, the second into two, and so on."""
    rows = np.random.default_rng(seed).permutation(N_TRAIN)
    cells, begin = list(cells), 0
    for n, value in enumerate(values, 1):
        for row in rows[begin : begin + n]:
            cells[row] = value(cells[row]) if callable(value) else value
        begin += n
    return cells


def adding(word):
    return lambda cell: f"{cell} {word}"


def texts(signal):
    rng = np.random.default_rng(5)
    stock = np.array([f"w{a}{b}" for a in "abcdef" for b in "rstuv"])
    lines = [f"oftenword {'good' if s > 0 else 'bad'} {' '.join(rng.choice(stock, 6))}" for s in signal]
    lines = planted(lines, [adding(word) for word in RARE_WORDS], 1)
    return planted(lines, [adding(secret) for secret in SECRETS], 2)


def table(signal):
    rng = np.random.default_rng(3)
    pay = rng.uniform(2e4, 6e4, N)
    pay[[10, 20]] = ENDS
    towns = rng.choice([f"oftentown{i}" for i in "xyz"], N)
    tags = [", ".join(rng.choice(["oftentag", "second", "third", "fourth"], 2, replace=False)) for _ in range(N)]
    hosts = [f"https://oftenhost.example/p{i}" for i in range(N)]
    born = pd.Series(pd.date_range("1950-03-07", periods=N, freq="41D")).dt.strftime("%Y-%m-%d").tolist()
    born[30] = "1903-05-11"
    return pd.DataFrame(
        {
            "x": signal + rng.normal(0, 0.3, N),
            "pay": pay,
            "mail": [f"plantedmail{i:04d}@example.org" for i in range(N)],
            "fee": [f"{71000 + 37 * i}.75 EUR" for i in range(N)],
            "town": planted(towns, RARE_LEVELS, 4),
            "tags": planted(tags, [adding(f", zyxtag{c}") for c in "abcd"], 6),
            "site": planted(hosts, [f"http://zyxhost{c}.example/u" for c in "abcd"], 7),
            "note": texts(signal),
            "born": born,
        }
    ).astype({"mail": object, "town": object})


def contest(modality, goal):
    """A dataset as detection leaves it, its task, its split, the truth, and what would be said of it."""
    rng = np.random.default_rng(0)
    signal = rng.normal(size=N)
    frame = table(signal) if modality == "tabular" else pd.DataFrame({"note": texts(signal)}, dtype=object)
    if goal == "regression":
        y = 1000 * signal + 30_000 + rng.normal(0, 100, N)
        y[[40, 50]] = TARGET_ENDS
    else:
        y = np.where(signal > 0, "yes", "no").astype(object)
    raw = Dataset("data", frame, pd.DataFrame({"y": y}))
    answer = {"target": ("y",)} if goals.named(goal).needs_target else {"label": "y"}
    dataset, task = detection.detect(raw, Recipe(data="data.csv", goal=goal, **answer))
    assert task.modality == modality and dataset.n_rows == N
    rows = np.arange(N)
    split = Split(TRAIN, rows[N_TRAIN : N_TRAIN + N_VALID], rows[N_TRAIN + N_VALID :], "row",
                  rows[:N_TEST], "first rows train", 0)  # fmt: skip
    truth = signal_truth(dataset, task)
    dataset = goals.learnable(dataset, task)
    findings = [*dataset.findings, *audit.examine(dataset, task, split)]
    said = {
        "columns": [column.evidence for column in task.columns],
        "findings": [[finding.message, finding.next_step] for finding in findings],
        "evidence": list(task.evidence),
    }
    return dataset, task, split, truth, said


def signal_truth(dataset, task):
    if task.goal == "regression":
        return dataset.target["y"].to_numpy(float)[:, None]
    return np.array([task.classes.index(label) for label in dataset.target["y"]], np.int64)


@pytest.fixture(scope="module")
def contests():
    kept = {}

    def get(modality, goal):
        if (modality, goal) not in kept:
            kept[modality, goal] = contest(modality, goal)
        return kept[modality, goal]

    return get


def told_of_few(task: Task):
    """What must not be in a bundle of this task."""
    words = [*RARE_WORDS, *SECRETS]
    if task.modality == "tabular":
        words += [*RARE_LEVELS, *(f"zyxtag{c}" for c in "abcd"), *(f"zyxhost{c}" for c in "abcd"), "plantedmail"]
        words += ["71000.75", "1903-05-11"]
    return words


def searched(folder, task):
    """What of the planted values a bundle holds."""
    blob, arrays = held(folder)
    found = [word for word in told_of_few(task) if is_in(blob, word)]
    numbers = [*(ENDS if task.modality == "tabular" else ()), *(TARGET_ENDS if task.goal == "regression" else ())]
    found += [number for number in numbers if has_number(blob, number)]
    rows = [array.shape for array in arrays if array.ndim == 2 and N_TRAIN in array.shape and min(array.shape) > 1]
    return found, rows, blob


def families(modality):
    found = catalog.members(Baseline, "automl.baselines")
    return [pytest.param(b, id=name) for name, b in found.items() if b.modality == modality]


# --------------------------------------------------------------------------- the promise


@pytest.mark.parametrize("smaller", SIZES)
@pytest.mark.parametrize("goal", ["binary", "regression", "anomaly", "represent"])
@pytest.mark.parametrize(
    ("modality", "baseline"),
    [pytest.param(m, p.values[0], id=f"{m}-{p.id}") for m in ("tabular", "text") for p in families(m)],
)
def test_a_shallow_model_that_keeps_no_rows_holds_nothing_of_few(contests, tmp_path, modality, baseline, goal, smaller):
    dataset, task, split, truth, said = contests(modality, goal)
    facts = Facts(N_TRAIN, len(task.classes))
    if goal not in baseline.goals or baseline.unfit(task, facts) is not None:
        pytest.skip("not for this task, or its library is not installed")
    model = baseline.make(task, settings_of(baseline, task, N_TRAIN, smaller), 0)
    context = FitContext(valid_rows=split.valid, valid_truth=truth[split.valid])
    model.fit(dataset, split.train, truth[split.train], None, context)

    predictors = {"shallow": ShallowPredictor((model,))}
    folder = bundle.save(tmp_path / "m", task, predictors, "shallow", said, "", "<p>", keeps_rows=baseline.keeps_rows)
    found, rows, blob = searched(folder, task)

    assert found == []
    assert json.loads((folder / "bundle.json").read_text())["keeps_rows"] == baseline.keeps_rows
    assert baseline.keeps_rows or rows == []
    assert (
        baseline.name not in ("neighbours", "neighbour_distance") or rows
    )  # the twin: a model that keeps rows has them, and says so
    if baseline.tier != "floor" and modality == "tabular":
        assert all(is_in(blob, word) for word in COMMON["tabular"][:2])  # and what many rows say is there


@pytest.mark.parametrize("goal", ["binary", "regression"])
@pytest.mark.parametrize("modality", ["tabular", "text"])
def test_encoders_and_networks_hold_nothing_of_few(contests, tmp_path, modality, goal):
    dataset, task, split, _, said = contests(modality, goal)
    encoder, codec = modalities.fit(dataset, task, split)
    templates = catalog.members(Template, "automl.templates").values()
    fit = [t for t in templates if goal in t.goals and any(s.kind in t.accepts for s in encoder.specs)]
    fit = [t for t in fit if t.unfit(task, encoder.specs) is None]
    assert len(fit) >= (4 if modality == "tabular" else 1)
    models = tuple(built(template, encoder.specs, codec.head) for template in fit)
    folder = bundle.save(
        tmp_path / "m", task, {"deep": DeepPredictor(models, encoder, codec, None, (1 / len(models),) * len(models))},
        "deep", said, "", "<p>",
    )  # fmt: skip
    found, _, blob = searched(folder, task)

    assert found == []
    assert all(is_in(blob, word) for word in COMMON[modality])


def built(template, specs, head):
    """A template's network at its first settings: all that it takes from the training rows' statistics is in it."""
    import keras
    import keras_tuner

    facts = Facts(N_TRAIN, 2 if head.goal == "binary" else 0)
    hp = keras_tuner.HyperParameters()
    template.space(hp, specs, facts)
    point = {**hp.values, **next(iter(template.starts(specs, facts)), {})}
    knobs = {name: keras.Variable(float(point[name]), trainable=False, dtype="float32") for name in template.knobs}
    return template.build({k: v for k, v in point.items() if k not in template.knobs}, knobs, specs, head)


# --------------------------------------------------------------------------- the search itself


@pytest.mark.parametrize("code", ["utf-8", "utf-16-le", "utf-32-le"])
def test_the_search_finds_a_planted_text_wherever_it_is_written(tmp_path, code):
    (tmp_path / "a.bin").write_bytes(b"\0\1" + "zyxtowna".encode(code) + b"\0")
    assert is_in(held(tmp_path)[0], "zyxtowna") and not is_in(held(tmp_path)[0], "zyxtownb")


def test_the_search_looks_into_archives_arrays_and_base64(tmp_path):
    text = base64.b64encode("zyxtowna".encode("utf-32-le")).decode()
    (tmp_path / "a.json").write_text(json.dumps({"k": [{"\u007ayxtownb": text}]}))
    np.savez_compressed(tmp_path / "a.npz", words=np.array(["zyxtownc", "b"]), numbers=np.array([1.0, ENDS[0]]))
    np.savez_compressed(tmp_path / "b.npz", rows=np.zeros((N_TRAIN, 3)))
    blob, arrays = held(tmp_path)
    assert all(is_in(blob, f"zyxtown{c}") for c in "abc") and not is_in(blob, "zyxtownd")
    assert has_number(blob, ENDS[0]) and not has_number(blob, ENDS[1])
    assert (N_TRAIN, 3) in [array.shape for array in arrays]


# --------------------------------------------------------------------------- pictures, sequences, forecasts


def arrays_of(modality):
    """Pictures or sequences with a target whose ends are planted, and the bytes of some training rows."""
    rng = np.random.default_rng(2)
    y = 30_000 + 1000 * rng.normal(size=N)
    y[[40, 50]] = TARGET_ENDS
    level = (y - y.mean()) / y.std()
    if modality == "image":
        inputs = np.clip(rng.normal(120, 30, (N, 16, 16, 1)) + 20 * level[:, None, None, None], 0, 255).astype(np.uint8)
    else:
        inputs = (rng.normal(size=(N, 2, 40)) + level[:, None, None]).astype(np.float32)
    rows = [inputs[i].tobytes() for i in range(0, N_TRAIN, 10)]
    if modality == "sequence":
        rows += [inputs[i].astype(np.float64).tobytes() for i in range(0, N_TRAIN, 10)]
    task = Task(modality, "regression", ("y",), "r2")
    return Dataset("data", inputs, pd.DataFrame({"y": y})), task, y[:, None], rows


@pytest.mark.thorough
@pytest.mark.parametrize("smaller", SIZES)
@pytest.mark.parametrize(
    ("modality", "baseline"),
    [pytest.param(m, p.values[0], id=f"{m}-{p.id}") for m in ("image", "sequence") for p in families(m)],
)
def test_models_of_pictures_and_sequences_hold_no_row_and_no_single_target(tmp_path, modality, baseline, smaller):
    goal = next((goal for goal in ("regression", "anomaly", "represent") if goal in baseline.goals), None)
    if goal is None:
        pytest.skip("a family of forecasts, whose windows the tests of forecasts look at")
    dataset, task, truth, rows = arrays_of(modality)
    task = replace(task, goal=goal)
    if not goals.named(goal).needs_target:
        dataset, task, truth = replace(dataset, target=None), replace(task, target=()), np.zeros(N, np.int64)
    if "backbone" in baseline.title:  # it reads vectors in place of pictures
        vectors = np.random.default_rng(1).normal(size=(dataset.n_rows, 16)).astype(np.float32)
        dataset, rows = replace(dataset, vectors=vectors), [row.tobytes() for row in vectors[TRAIN]]
    model = baseline.make(task, settings_of(baseline, task, N_TRAIN, smaller), 0)
    valid = np.arange(N_TRAIN, N_TRAIN + N_VALID)
    model.fit(dataset, TRAIN, truth[TRAIN], None, FitContext(valid_rows=valid, valid_truth=truth[valid]))
    predictors = {"shallow": ShallowPredictor((model,))}
    folder = bundle.save(tmp_path / "m", task, predictors, "shallow", {}, "", keeps_rows=baseline.keeps_rows)
    found, _, blob = searched(folder, task)

    assert [value for value in found if isinstance(value, float)] == []
    assert baseline.keeps_rows or not any(row in blob for row in rows)


@pytest.mark.parametrize("smaller", SIZES)
@pytest.mark.parametrize("baseline", [p for p in families("sequence") if "forecast" in p.values[0].goals])
def test_models_of_forecasts_hold_no_stretch_of_a_series(tmp_path, baseline, smaller):
    rng = np.random.default_rng(4)
    values = 50 + np.cumsum(rng.normal(size=N))
    times = pd.date_range("2020-01-01", periods=N, freq="D").to_numpy().astype("datetime64[ns]")
    dataset = Dataset("data", pd.DataFrame(index=range(N)), pd.DataFrame({"y": values}), times=times)
    task = Task("sequence", "forecast", ("y",), "mase", horizon=4, season=7, frequency="D", quantiles=(0.1, 0.5, 0.9))
    windows = np.arange(30, N - 60)[:, None] + np.arange(4)
    later = np.arange(N - 56, N - 8, 4)[:, None] + np.arange(4)
    model = baseline.make(task, settings_of(baseline, task, len(windows), smaller), 0)
    context = FitContext(valid_rows=later, valid_truth=values[later][..., None])
    model.fit(dataset, windows, values[windows][..., None], None, context)
    predictors = {"shallow": ShallowPredictor((model,))}
    blob, _ = held(bundle.save(tmp_path / "m", task, predictors, "shallow", {}, ""))

    pairs = [values[i : i + 2].astype(kind).tobytes() for i in range(N - 1) for kind in (np.float64, np.float32)]
    assert not any(pair in blob for pair in pairs)
