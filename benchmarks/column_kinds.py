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

BINS = 10


def used(profiles: Sequence[ColumnProfile], found: np.ndarray) -> np.ndarray:
    """Kinds, of the nine, that the product would work with."""
    out = []
    for p, row in zip(profiles, found, strict=True):
        seen = fit.row_sample(p)
        out.append(NINE.index(NINE_OF_KIND[settled(seen, fit.ruled(seen), p, row).kind]))
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


def sureness(some: fit.Shown) -> tuple[float, float]:
    """Print how far the confidence that is shown is from the share right, before and after it is calibrated.

    It is calibrated on the files of four fifths and measured on the others'.
    """
    files, place = np.unique(some.records, return_inverse=True)
    part = (np.random.default_rng(0).permutation(len(files)) % fit.FOLDS)[place]
    after = some.confidence.copy()
    for one in range(fit.FOLDS):
        at = np.flatnonzero(part == one)
        after[at] = fit.believed(some, fit.reliability(some, np.flatnonzero(part != one)), at)
    right = some.is_right.astype(float)
    errors = [calibration_error(right, np.ones(len(right)), c) for c in (some.confidence, after)]
    print(f"\nconfidence shown beside kinds in use: calibration error {errors[0]:.4f} before, {errors[1]:.4f} after; "
          f"{len(right):,} columns of {len(files):,} files, {right.mean():.4f} right")  # fmt: skip
    for low in (0.3, 0.5, 0.6, 0.7):
        below = after < low
        print(f"  below {low}: {below.mean():.3f} of the columns, {right[below].mean():.3f} right; others "
              f"{right[~below].mean():.4f}")  # fmt: skip
    return errors[0], errors[1]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train")
    parser.add_argument("test", nargs="?")
    parser.add_argument("--quick", action="store_true", help="one of five folds")
    args = parser.parse_args()
    start = time.perf_counter()
    profiles, labels, records = fit.table(args.train)
    by_rules = np.array([NINE.index(NINE_OF_KIND[fit.ruled(fit.row_sample(p)).kind]) for p in profiles])
    rules_accuracy, rules_f1, table = figures(labels, by_rules)
    print(f"rules alone: accuracy {rules_accuracy:.4f}, macro F1 {rules_f1:.4f}; {len(labels):,} columns")
    print(table.round(3).to_string())
    scores = {}
    for title, grouped in (("grouped", True), ("plain", False)):
        found, seen = fit.out_of_fold(profiles, labels, records, grouped, 1 if args.quick else fit.FOLDS)
        kept = [profiles[i] for i in seen]
        sharp = fit.sharpened(found[seen], shipped().sharpness)
        scores[title] = told(f"{title} folds", kept, labels[seen], sharp, records[seen])
        if grouped:
            errors = sureness(fit.shown(kept, sharp, labels[seen], records[seen]))
    result: dict[str, float | None] = {
        "cv_accuracy": scores["plain"][0], "grouped_accuracy": scores["grouped"][0], "macro_f1": scores["plain"][1],
        "test_accuracy": None, "grouped_macro_f1": scores["grouped"][1], "rules_accuracy": rules_accuracy,
        "rules_macro_f1": rules_f1, "shown_error_before": errors[0], "shown_error": errors[1],
    }  # fmt: skip
    if args.test:
        others, truth, sources = fit.table(args.test)
        found = probabilities(others, shipped())
        result["test_accuracy"], result["test_macro_f1"] = told("test, as shipped", others, truth, found, sources)
    print(f"\n{time.perf_counter() - start:.0f} s")
    print(json.dumps({k: None if v is None else round(v, 4) for k, v in result.items()}))


if __name__ == "__main__":
    main()
