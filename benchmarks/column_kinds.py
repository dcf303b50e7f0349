"""How well the kinds of columns are told: against hand labels, by folds, and on a test file as shipped.

    python benchmarks/column_kinds.py TRAIN.csv[.gz] [TEST.csv] [--quick]

Both files are of the SortingHat benchmark's form (see `benchmarks/column_kinds_model.py`). On TRAIN, models are
fitted on four fifths and asked about the rest: columns drawn at random ("plain"), and whole files apart ("grouped",
what a new user's file is like). On TEST the model in the package answers, as it is. "rules alone" is what the
detector's rules say of the same rows; "in use" is what `automl` would do with the column, where in doubt a column
stays usable. --quick asks the plain folds only for the first of five. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence

import column_kinds_model as fit
import numpy as np
import pandas as pd

from automl.detect.columns.kinds import NINE_OF_KIND, settled
from automl.detect.columns.model import NINE, answers, probabilities, shipped
from automl.detect.columns.profile import ColumnProfile
from automl.detect.columns.rules import RULES
from automl.detect.columns.sample import ColumnSample
from automl.records import Column

BINS = 10


class RowSample(ColumnSample):
    """A row of the benchmark as the rules see it: they ask for counts that its five values do not show."""

    profile: ColumnProfile

    @property
    def n_missing(self) -> int:
        return self.profile.n_missing

    @property
    def n_distinct(self) -> int:
        return self.profile.n_distinct

    @property
    def n_present(self) -> int:
        return self.profile.n_present

    @property
    def distinct_share(self) -> float:
        return min(self.profile.n_distinct / max(min(self.profile.n_present, 1_000), 1), 1.0)


def row_sample(p: ColumnProfile) -> RowSample:
    """The samples as a series, with the bounds of numbers among them."""
    if p.is_number:
        numbers = [float(t) for t in p.samples] + [p.low, p.high]
        whole = all(x.is_integer() for x in numbers)
        series = pd.Series([int(x) for x in numbers] if whole else numbers)
        series = series.astype("float64") if whole and series.dtype == object else series
    else:
        series = pd.Series(list(p.samples), dtype=object)
    seen = RowSample(p.name, series, p.samples, len(p.samples), p.is_number)
    object.__setattr__(seen, "profile", p)
    return seen


def ruled(seen: ColumnSample) -> Column:
    """What the rules alone say."""
    return next(found for rule in RULES if (found := rule(seen)) is not None)


def used(profiles: Sequence[ColumnProfile], found: np.ndarray) -> np.ndarray:
    """Kinds, of the nine, that the product would work with."""
    out = []
    for p, row in zip(profiles, found, strict=True):
        seen = row_sample(p)
        out.append(NINE.index(NINE_OF_KIND[settled(seen, ruled(seen), p, row).kind]))
    return np.array(out)


def figures(truth: np.ndarray, told: np.ndarray) -> tuple[float, float, pd.DataFrame]:
    """Accuracy, macro F1, and a table of precision, recall, F1 and columns of each kind."""
    rows = []
    for kind in range(len(NINE)):
        both = int(((truth == kind) & (told == kind)).sum())
        precision = both / max(int((told == kind).sum()), 1)
        recall = both / max(int((truth == kind).sum()), 1)
        f1 = 2 * precision * recall / max(precision + recall, 1e-12)
        rows.append((precision, recall, f1, int((truth == kind).sum())))
    table = pd.DataFrame(rows, index=list(NINE), columns=["precision", "recall", "f1", "columns"])
    present = table[table["columns"] > 0]
    return float((truth == told).mean()), float(present["f1"].mean()), table


def calibration_error(truth: np.ndarray, told: np.ndarray, confidence: np.ndarray) -> float:
    """Expected calibration error over ten equal bins of confidence (Guo et al., ICML 2017, equation 3)."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    right = truth == told
    gaps = [abs(right[place == b].mean() - confidence[place == b].mean()) * (place == b).mean()
            for b in range(BINS) if (place == b).any()]  # fmt: skip
    return float(sum(gaps))


def told(
    title: str, profiles: Sequence[ColumnProfile], truth: np.ndarray, found: np.ndarray, records: np.ndarray
) -> tuple[float, float]:
    """Print all figures of one sort of answer; its accuracy and macro F1."""
    answered = answers(profiles, None, found)
    kinds = np.array([NINE.index(kind) for kind, _ in answered])
    accuracy, f1, table = figures(truth, kinds)
    error = calibration_error(truth, kinds, np.array([c for _, c in answered]))
    kept = float((used(profiles, found) == truth).mean())
    print(f"\n{title}: accuracy {accuracy:.4f}, macro F1 {f1:.4f}, expected calibration error {error:.4f}; "
          f"in use {kept:.4f}; {len(truth):,} columns")  # fmt: skip
    files, sizes = np.unique(records, return_counts=True)
    largest, right = records == files[sizes.argmax()], kinds == truth
    print(f"in the file of most columns ({largest.sum():,}) {right[largest].mean():.4f}, in all others "
          f"{right[~largest].mean() if (~largest).any() else math.nan:.4f}")  # fmt: skip
    print(table.round(3).to_string())
    print("\nrows: labels; columns: answers")
    confusion = pd.DataFrame(0, index=list(NINE), columns=[n[:8] for n in NINE])
    for t, k in zip(truth.tolist(), kinds.tolist(), strict=True):
        confusion.iat[t, k] += 1
    print(confusion.to_string())
    return accuracy, f1


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train")
    parser.add_argument("test", nargs="?")
    parser.add_argument("--quick", action="store_true", help="one of five folds")
    args = parser.parse_args()
    start = time.perf_counter()
    profiles, labels, records = fit.table(args.train)
    by_rules = np.array([NINE.index(NINE_OF_KIND[ruled(row_sample(p)).kind]) for p in profiles])
    rules_accuracy, rules_f1, table = figures(labels, by_rules)
    print(f"rules alone: accuracy {rules_accuracy:.4f}, macro F1 {rules_f1:.4f}; {len(labels):,} columns")
    print(table.round(3).to_string())
    scores = {}
    for title, grouped in (("grouped", True), ("plain", False)):
        found, seen = fit.out_of_fold(profiles, labels, records, grouped, 1 if args.quick else fit.FOLDS)
        kept = [profiles[i] for i in seen]
        sharp = fit.sharpened(found[seen], shipped().sharpness)
        scores[title] = told(f"{title} folds", kept, labels[seen], sharp, records[seen])
    result: dict[str, float | None] = {
        "cv_accuracy": scores["plain"][0], "grouped_accuracy": scores["grouped"][0], "macro_f1": scores["plain"][1],
        "test_accuracy": None, "grouped_macro_f1": scores["grouped"][1], "rules_accuracy": rules_accuracy,
        "rules_macro_f1": rules_f1,
    }  # fmt: skip
    if args.test:
        others, truth, sources = fit.table(args.test)
        found = probabilities(others, shipped())
        result["test_accuracy"], result["test_macro_f1"] = told("test, as shipped", others, truth, found, sources)
    print(f"\n{time.perf_counter() - start:.0f} s")
    print(json.dumps({k: None if v is None else round(v, 4) for k, v in result.items()}))


if __name__ == "__main__":
    main()
