"""Clean sets and what `audit.py` plants in them: each fault, where, how strong, and which checks may tell of it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TABLES = ("adult", "letter", "california_housing", "diamonds", "movies", "shuttle_anomaly", "iris", "wine",
          "breast_cancer", "diabetes")  # fmt: skip
CLASSES = ("adult", "letter", "shuttle_anomaly", "iris", "wine", "breast_cancer")
NUMBERS = ("california_housing", "diamonds", "movies", "diabetes")
TEXTS = ("sms_spam", "ag_news", "amazon_sentiment")
IMAGES = ("fashion_mnist15k", "fashion_rotation")
SERIES = ("airline", "sunspots", "etth1", "co2_emissions")
OTHERS = ("sign_digits", "osu_leaf", "basic_motions", "digits")
MOST_ROWS = 6_000
"""Rows of a set that faults are planted in; the clean sets are whole."""
FOREIGN = {
    "German": (
        "Das ist nicht die Antwort auf die Frage",
        "Ich habe den Brief gestern mit der Post bekommen",
        "Wir sind auf dem Weg nach Hause und haben Hunger",
        "Die Firma hat im letzten Jahr mehr als eine Million verdient",
        "Es war einmal ein König, der auf einem Berg wohnte",
        "Kannst du mir sagen, wie spät es ist und wo der Bahnhof ist",
        "Der Film wird von den Kritikern nicht gelobt",
        "Sie hat sich für das Buch bedankt, und er auch",
    ),
    "French": (
        "Je ne sais pas si vous avez reçu la lettre que nous avons envoyée",
        "Il est dans la maison avec les enfants et le chien",
        "Les prix ont augmenté dans tous les pays pour des raisons qui ne sont pas claires",
        "Elle a une voiture plus grande que la mienne",
        "Nous avons vu le film avec des amis et il est bon",
        "Le ministre ne sera pas dans la ville pour la fête",
        "Vous pouvez venir avec nous sur le bateau",
        "Ce sont les livres que les élèves lisent",
    ),
    "Russian": (
        "Я не знаю, что делать с этим письмом",
        "Мы были в городе вчера вечером",
        "Цены выросли во всех странах",
        "Он купил новую машину и очень рад",
        "Это хорошая книга для детей",
        "Где находится вокзал и сколько времени",
        "Они живут в большом доме на горе",
        "Завтра будет дождь, возьми зонт",
    ),
}


@dataclass
class Made:
    """What is handed to the audit: data and options of a recipe, and what it should say.

    Attributes:
        about: a column that the finding must name, or None.
    """

    data: Any
    options: dict[str, Any] = field(default_factory=dict)
    about: str | None = None


Plant = Callable[["Set", np.random.Generator, Any], Made]


@dataclass
class Set:
    """A clean set: a frame with its targets, or arrays."""

    name: str
    frame: pd.DataFrame | None
    target: list[str]
    arrays: tuple[np.ndarray, np.ndarray] | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def y(self) -> pd.Series:
        assert self.frame is not None
        return self.frame[self.target[0]]

    def made(self, frame: pd.DataFrame, about: str | None = None, **options: Any) -> Made:
        return Made(frame.reset_index(drop=True), {"target": self.target, **self.options, **options}, about)


def load(folder: Path, name: str) -> Set:
    known = {entry["name"]: entry for entry in json.loads((folder / "catalog.json").read_text())}
    if name not in known:
        import sklearn.datasets

        return Set(name, getattr(sklearn.datasets, f"load_{name}")(as_frame=True).frame, ["target"])
    entry = known[name]
    file, said = folder / entry["file"], entry["target"]
    targets = [said] if isinstance(said, str) else list(said)
    if file.suffix == ".npz":
        with np.load(file) as arrays:
            return Set(name, None, ["y"], (arrays["X"], arrays["y"]))
    frame = pd.read_csv(file)
    if "folder" in entry:
        frame[entry["path"]] = [str(folder / path) for path in frame[entry["path"]]]
    return Set(name, frame, targets)


def smaller(one: Set) -> Set:
    """A part of the set that is quick to read, the same one each time; series stay whole."""
    rng = np.random.default_rng(0)
    if one.arrays is not None and len(one.arrays[1]) > MOST_ROWS:
        rows = np.sort(rng.choice(len(one.arrays[1]), MOST_ROWS, replace=False))
        return Set(one.name, None, one.target, (one.arrays[0][rows], one.arrays[1][rows]), one.options)
    if one.frame is not None and len(one.frame) > MOST_ROWS and one.name not in SERIES:
        rows = np.sort(rng.choice(len(one.frame), MOST_ROWS, replace=False))
        return Set(one.name, one.frame.iloc[rows].reset_index(drop=True), one.target, None, one.options)
    return one


def clean(one: Set, rng: np.random.Generator) -> dict[str, Made]:
    """The set as it is, and with a random part given as test rows."""
    if one.arrays is not None:
        X, y = one.arrays
        test = rng.random(len(y)) < 0.25
        return {"as it is": Made((X, y)), "given test": Made((X[~test], y[~test]), {"test": (X[test], y[test])})}
    made = {"as it is": one.made(one.frame)}
    if one.name not in SERIES:
        test = rng.random(len(one.frame)) < 0.25
        made["given test"] = one.made(one.frame[~test], test=one.frame[test].reset_index(drop=True))
    return made


# --------------------------------------------------------------------------- plants


def shuffled(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)


def unit(values: pd.Series) -> np.ndarray:
    """Ranks as standard normal scores; classes by code."""
    codes = values if values.dtype.kind in "fiu" else pd.Series(pd.factorize(values, sort=True)[0])
    from scipy.stats import norm

    return np.asarray(norm.ppf((codes.rank(method="average").to_numpy() - 0.5) / len(codes)))


def numeric_columns(one: Set) -> list[str]:
    assert one.frame is not None
    inputs = one.frame.drop(columns=one.target)
    return [c for c in inputs if inputs[c].dtype.kind in "fiu" and inputs[c].nunique() > 8]


def copied(one: Set, rng: np.random.Generator, how: str) -> Made:
    y = one.y
    if how == "other labels":
        labels = sorted(y.unique())
        names = dict(zip(labels, rng.permutation([f"code {chr(65 + i)}" for i in range(len(labels))]), strict=True))
        copy: Any = y.map(names)
    else:
        copy = {"as is": y, "rescaled": y.astype(float) * 0.37 + 12 if y.dtype.kind in "fiu" else y,
                "logarithm": np.log1p(y - y.min()) if y.dtype.kind in "fiu" else y}[how]  # fmt: skip
    return one.made(one.frame.assign(outcome_code=copy), "outcome_code")


def leaking(one: Set, rng: np.random.Generator, share: float) -> Made:
    y = one.y
    if one.name in CLASSES:
        noisy = np.where(rng.random(len(y)) < share, rng.permutation(y.to_numpy(copy=True)), y.to_numpy(copy=True))
    else:
        noisy = y + share * float(y.std()) * rng.normal(size=len(y))
    return one.made(one.frame.assign(after=noisy), "after")


def sorted_ids(one: Set, rng: np.random.Generator, how: tuple[str, float]) -> Made:
    form, noise = how
    order = np.argsort(np.argsort(unit(one.y) + noise * rng.normal(size=len(one.y)) + 1e-6 * rng.random(len(one.y))))
    ids = [f"R{i:06d}" for i in order] if form == "text" else order + 1000
    return one.made(shuffled(one.frame.assign(record_id=ids), rng), "record_id")


def doubled(one: Set, rng: np.random.Generator, share: float) -> Made:
    copies = one.frame.iloc[rng.choice(len(one.frame), int(share * len(one.frame)), replace=False)]
    return one.made(shuffled(pd.concat([one.frame, copies], ignore_index=True), rng))


def nearly_doubled(one: Set, rng: np.random.Generator, share: float) -> Made:
    copies = one.frame.iloc[rng.choice(len(one.frame), int(share * len(one.frame)), replace=False)].copy()
    for c in copies.columns.difference(one.target):
        if copies[c].dtype.kind == "f" and one.name not in TEXTS:
            copies[c] = copies[c] + 1e-5 * float(one.frame[c].std()) * rng.normal(size=len(copies))
        elif copies[c].dtype.kind not in "fiubM":
            copies[c] = [f" {v.upper()} ".replace(" ", "  ") if isinstance(v, str) else v for v in copies[c]]
    return one.made(shuffled(pd.concat([one.frame, copies], ignore_index=True), rng))


def grouped(one: Set, rng: np.random.Generator, how: tuple[str, float]) -> Made:
    name, noise = how
    people = one.frame.iloc[rng.permutation(len(one.frame))[:1500]].reset_index(drop=True)
    rows = people.loc[people.index.repeat(5)].reset_index(drop=True)
    for c in numeric_columns(one):
        rows[c] = rows[c] + 0.3 * float(one.frame[c].std()) * rng.normal(size=len(rows))
    mixed = rng.random(len(rows)) < noise
    rows.loc[mixed, one.target[0]] = rng.permutation(rows.loc[mixed, one.target[0]].to_numpy(copy=True))
    codes = rng.permutation(9 * len(people))[: len(people)].repeat(5)
    ids = [f"{name[0]}{c}" for c in codes] if name != "user_id" else codes
    return one.made(shuffled(rows.assign(**{name: ids}), rng), name)


def dated(one: Set, rng: np.random.Generator, how: tuple[str, float]) -> Made:
    """A date column along which the target or an input drifts; rows in no order."""
    what, strength = how
    column = unit(one.y) if what == "target" else unit(one.frame[numeric_columns(one)[0]])
    order = np.argsort(np.argsort(strength * column + np.sqrt(1 - strength**2) * rng.normal(size=len(column))))
    days = pd.Timestamp("2015-01-01") + pd.to_timedelta(order * (3000 / len(order)), unit="D").floor("min")
    return one.made(shuffled(one.frame.assign(recorded_at=days), rng), "recorded_at")


def flipped(one: Set, rng: np.random.Generator, share: float) -> Made:
    if one.arrays is not None:
        X, y = one.arrays
        y, rows = y.copy(), rng.random(len(y)) < share
        y[rows] = (y[rows] + rng.integers(1, len(np.unique(y)), rows.sum())) % len(np.unique(y))
        return Made((X, y))
    frame, labels = one.frame.copy(), np.array(sorted(one.y.unique()))
    rows = rng.random(len(frame)) < share
    codes = np.searchsorted(labels, frame[one.target[0]].to_numpy(copy=True))
    codes[rows] = (codes[rows] + rng.integers(1, len(labels), rows.sum())) % len(labels)
    return one.made(frame.assign(**{one.target[0]: labels[codes]}))


def misplaced(one: Set, rng: np.random.Generator, share: float) -> Made:
    frame = one.frame.copy()
    rows = np.flatnonzero(rng.random(len(frame)) < share)
    frame[one.target[0]] = frame[one.target[0]].astype(float)
    frame.loc[rows, one.target[0]] = rng.permutation(frame.loc[rows, one.target[0]].to_numpy(copy=True))
    return one.made(frame)


def drifted(one: Set, rng: np.random.Generator, how: tuple[str, float]) -> Made:
    what, strength = how
    if one.arrays is not None:
        X, y = one.arrays
        test = rng.random(len(y)) < 0.25
        brighter = np.clip(X[test].astype(int) + int(strength * 255), 0, 255).astype(X.dtype)
        return Made((X[~test], y[~test]), {"test": (brighter, y[test])})
    frame = one.frame.copy()
    test = rng.random(len(frame)) < 0.25
    about = None
    if one.name in TEXTS:
        size = one.frame[one.frame.columns.difference(one.target)[0]].str.len()
        test = unit(size) + rng.normal(size=len(size)) / strength > 1
    elif what == "shift":
        about = numeric_columns(one)[0]
        frame[about] = frame[about].astype(float)
        frame.loc[test, about] += strength * float(frame[about].std())
    elif what == "missing":
        about = numeric_columns(one)[-1]
        frame[about] = frame[about].astype(float)
        frame.loc[test & (rng.random(len(frame)) < strength), about] = np.nan
    else:
        about = numeric_columns(one)[0]
        test = unit(frame[about]) * strength + rng.normal(size=len(frame)) > 1
    made = one.made(frame[~test], about)
    made.options["test"] = frame[test].reset_index(drop=True)
    return made


def outliers(one: Set, rng: np.random.Generator, how: tuple[str, float]) -> Made:
    kind, share = how
    frame = one.frame.copy()
    name = one.target[0]
    rows = rng.choice(len(frame), max(1, int(share * len(frame))), replace=False)
    frame[name] = frame[name].astype(float)
    span = float(frame[name].quantile(0.9) - frame[name].quantile(0.1))
    frame.loc[rows, name] = frame.loc[rows, name] * 1000 + 20 * span if kind == "x 1000" else -9999.0 - 20 * span
    return one.made(frame, name)


def rarefied(one: Set, rng: np.random.Generator, left: int) -> Made:
    labels = one.y.value_counts()
    rare = labels.index[-1]
    rows = np.flatnonzero((one.y == rare).to_numpy(copy=True))
    keep = np.ones(len(one.frame), bool)
    keep[rng.permutation(rows)[left:]] = False
    return one.made(one.frame[keep])


def emptied(one: Set, rng: np.random.Generator, share: float) -> Made:
    frame = one.frame.copy()
    name = frame.columns.difference(one.target)[0]
    frame.loc[rng.random(len(frame)) < share, name] = ""
    return one.made(frame, name)


def translated(one: Set, rng: np.random.Generator, how: tuple[str, float]) -> Made:
    language, share = how
    frame = one.frame.copy()
    name = frame.columns.difference(one.target)[0]
    sentences = FOREIGN[language]
    for row in np.flatnonzero(rng.random(len(frame)) < share):
        frame.loc[row, name] = ". ".join(rng.choice(sentences, 2, replace=False))
    return one.made(frame, name)


def holed(one: Set, rng: np.random.Generator, length: int) -> Made:
    start = int(rng.integers(len(one.frame) // 4, len(one.frame) // 2))
    keep = np.ones(len(one.frame), bool)
    keep[start : start + length] = False
    return one.made(one.frame[keep])


def coarsened(one: Set, rng: np.random.Generator, every: int) -> Made:
    start = int(len(one.frame) * rng.uniform(0.4, 0.7))
    keep = np.ones(len(one.frame), bool)
    keep[start:] = np.arange(len(one.frame) - start) % every == 0
    return one.made(one.frame[keep])


def photographed(one: Set, rng: np.random.Generator, how: tuple[str, float]) -> Made:
    kind, share = how
    X, y = one.arrays
    X, y = X[:4000], y[:4000]
    at = rng.choice(len(X), int(share * len(X)), replace=False)
    copies = X[at].astype(float)
    if kind == "noisy":
        copies += rng.normal(0, 4, copies.shape)
    elif kind == "brighter":
        copies = copies * 1.03
    copies = np.clip(np.rint(copies), 0, 255).astype(X.dtype)
    order = rng.permutation(len(X) + len(copies))
    return Made((np.concatenate([X, copies])[order], np.concatenate([y, y[at]])[order]))


def blanked(one: Set, rng: np.random.Generator, share: float) -> Made:
    X, y = one.arrays
    X = X[:4000].copy()
    X[rng.random(len(X)) < share] = 0
    return Made((X, y[:4000]))


def corrupted(one: Set, rng: np.random.Generator, share: float) -> Made:
    from PIL import Image

    folder = Path(tempfile.mkdtemp())
    X, y = one.arrays
    paths = []
    for i, image in enumerate(X[:400].reshape(-1, 28, 28)):
        paths.append(str(folder / f"{i}.png"))
        Image.fromarray(image.astype(np.uint8)).save(paths[-1])
        if rng.random() < share:
            Path(paths[-1]).write_bytes(Path(paths[-1]).read_bytes()[:60])
    return Made(pd.DataFrame({"path": paths, "y": y[:400]}), {"target": ["y"]})


# --------------------------------------------------------------------------- the plan


@dataclass
class Fault:
    """A kind of fault: how it is planted, where, how strong, and which checks may tell of it."""

    name: str
    plant: Plant
    sets: tuple[str, ...]
    strengths: tuple[Any, ...]
    checks: tuple[str, ...]
    least: str = "medium"


LEAKS = ("copied_target", "leaking_column")
FAULTS = (
    Fault("copied target", copied, TABLES, ("as is",), LEAKS),
    Fault("copied as other labels", copied, CLASSES, ("other labels",), LEAKS),
    Fault("copied and rescaled", copied, NUMBERS, ("rescaled", "logarithm"), LEAKS),
    Fault("leaking column, classes", leaking, ("adult", "letter", "wine"), (0.01, 0.05, 0.1), LEAKS),
    Fault("leaking column, numbers", leaking, NUMBERS, (0.01, 0.05, 0.1), LEAKS),
    Fault("identifier sorted by target", sorted_ids, TABLES, (("text", 0.1), ("number", 0.3)),
          ("sorted_identifier", *LEAKS)),
    Fault("duplicated rows", doubled, ("adult", "california_housing", "movies", "sms_spam"), (0.03, 0.1, 0.3),
          ("twin_rows",)),
    Fault("duplicated rows", doubled, ("wine", "breast_cancer", "diabetes"), (0.3,), ("twin_rows",)),
    Fault("nearly duplicated rows", nearly_doubled, ("adult", "california_housing", "movies", "ag_news"), (0.05, 0.2),
          ("near_twin_rows", "twin_rows")),
    Fault("groups parted", grouped, ("breast_cancer", "wine", "diabetes", "california_housing", "adult", "iris"),
          (("patient_id", 0.0), ("patient_id", 0.3), ("user_id", 0.1)), ("crossing_groups",)),
    Fault("time ignored", dated, ("adult", "letter", "california_housing", "diamonds", "diabetes"),
          (("target", 0.4), ("target", 0.7), ("inputs", 0.9)), ("ignored_time",)),
    Fault("flipped labels", flipped, ("adult", "letter", "shuttle_anomaly", "sms_spam", "ag_news", "fashion_mnist15k"),
          (0.05, 0.1, 0.2), ("doubtful_labels",)),
    Fault("misplaced values", misplaced, ("diamonds",), (0.05, 0.1), ("doubtful_values",), "low"),
    Fault("drifted test rows", drifted, ("adult", "california_housing", "letter", "diamonds"),
          (("shift", 1.0), ("chosen", 1.0), ("missing", 0.5)), ("drifted_test",)),
    Fault("drifted test rows", drifted, ("sms_spam", "ag_news", "fashion_mnist15k"), (("", 1.0),), ("drifted_test",)),
    Fault("target outliers", outliers, (*NUMBERS, "amazon_sentiment", "airline", "etth1"),
          (("x 1000", 0.001), ("x 1000", 0.005), ("-9999", 0.003)), ("target_outliers",)),
    Fault("rare class", rarefied, ("letter", "ag_news", "shuttle_anomaly", "wine"), (1, 4, 8),
          ("rare_classes", "single_row_class", "imbalance")),
    Fault("empty texts", emptied, TEXTS, (0.01, 0.1), ("empty_texts",), "low"),
    Fault("second language", translated, TEXTS, (("German", 0.04), ("French", 0.1), ("Russian", 0.04)),
          ("mixed_languages",), "low"),
    Fault("gap in a series", holed, ("airline", "sunspots"), (20, 40), ("long_gaps",), "low"),
    Fault("gap in a series", holed, ("etth1",), (60, 400), ("long_gaps",), "low"),
    Fault("changed frequency", coarsened, ("airline", "sunspots", "etth1"), (2, 3), ("changed_frequency",)),
    Fault("identical images", photographed, IMAGES, (("same", 0.05), ("noisy", 0.2), ("brighter", 0.1)),
          ("alike_images",)),
    Fault("blank images", blanked, IMAGES, (0.001, 0.02), ("blank_images",), "low"),
    Fault("corrupt images", corrupted, ("fashion_mnist15k",), (0.02, 0.2), ("unreadable_images",)),
)  # fmt: skip
