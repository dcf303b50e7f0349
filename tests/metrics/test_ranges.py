"""Range-based scores of anomalies that last: by hand, by the definitions spelled out, and by numbers of other code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.metrics.ranges import range_scores, stretches, volume_under_pr, window_precision

MARKED = np.zeros(60, bool)
MARKED[5:12] = MARKED[14:16] = MARKED[40:55] = True
SCORES = np.round(np.cos(np.arange(60) * 1.7) + 1.5 * np.roll(MARKED, 2), 3)
ONE = np.zeros(60)


def test_stretches_end_with_their_block() -> None:
    anomalous, blocks = np.array([1, 1, 0, 1, 1, 1], bool), np.array([0, 0, 0, 0, 1, 1])
    assert stretches(anomalous, blocks).tolist() == [[0, 2], [3, 4], [4, 6]]
    assert stretches(np.zeros(3, bool), np.zeros(3)).shape == (0, 2)


@pytest.mark.parametrize(
    ("buffer", "expected"),
    [(0, 0.655736928532986), (1, 0.655736928532986), (6, 0.7913693198018412), (20, 0.8927504823913169)],
)
def test_the_volume_is_that_of_the_authors_code(buffer: int, expected: float) -> None:
    """Figures of `RangeAUC_volume_opt` of TSB-AD (commit 16e14dde) on the same labels and scores."""
    assert volume_under_pr(MARKED, SCORES, ONE, buffer) == pytest.approx(expected, abs=1e-12)


def test_precision_and_recall_of_ranges_are_those_of_aeon() -> None:
    """Figures of `range_precision` and `range_recall` of aeon 1.6.0 with their defaults."""
    found = range_scores(MARKED, SCORES > 1.2, ONE)
    assert found.precision == pytest.approx(0.7777777777777777)
    assert found.recall == pytest.approx(0.14708994708994708)
    assert found.f1 == pytest.approx(2 * found.precision * found.recall / (found.precision + found.recall))
    assert (found.n_stretches, found.n_found) == (3, 2)


def test_a_stretch_in_pieces_counts_by_their_number() -> None:
    """Of ten rows, two runs of two rows raise alarms: .4 of them, in two pieces."""
    anomalous, alarms = np.zeros(30, bool), np.zeros(30, bool)
    anomalous[10:20] = True
    alarms[11:13] = alarms[15:17] = True
    found = range_scores(anomalous, alarms, np.zeros(30))
    assert found.recall == pytest.approx(0.2) and found.precision == pytest.approx(1.0)


def test_without_alarms_or_anomalies_nothing_is_defined() -> None:
    quiet = range_scores(MARKED, np.zeros(60, bool), ONE)
    assert np.isnan(quiet.precision) and quiet.recall == 0.0 and np.isnan(quiet.f1) and quiet.n_found == 0
    assert np.isnan(volume_under_pr(np.zeros(60, bool), SCORES, ONE, 4))
    assert np.isnan(window_precision(np.zeros(60, bool), SCORES, ONE, 4))


def test_windows_have_the_score_of_their_highest_row() -> None:
    anomalous = np.array([0, 0, 1, 0, 0, 0, 0, 0], bool)
    scores = np.array([0.1, 0.0, 0.0, 0.9, 0.2, 0.0, 0.95, 0.0])
    assert window_precision(anomalous, scores, np.zeros(8), 2) == pytest.approx(0.5)  # the second of four windows
    assert window_precision(anomalous, scores, np.array([0, 0, 0, 0, 0, 1, 1, 1]), 5) == pytest.approx(0.5)
    assert window_precision(MARKED, SCORES, ONE, 1) == pytest.approx(0.6993732305026212)  # scikit-learn's, by rows


def test_a_late_alarm_scores_more_where_buffers_are_longer() -> None:
    """The labels stay: without a buffer an alarm beside the stretch is worth nothing."""
    anomalous, late = np.zeros(400, bool), np.zeros(400)
    anomalous[100:110] = True
    late[112:120] = 1.0
    volumes = [volume_under_pr(anomalous, late, np.zeros(400), buffer) for buffer in (0, 10, 40)]
    assert volumes[0] == pytest.approx(10 / 400, abs=1e-3) and volumes[0] < volumes[1] < volumes[2]


def test_series_do_not_reach_into_one_another() -> None:
    anomalous, scores = np.zeros(40, bool), np.zeros(40)
    anomalous[18:20] = True  # the last rows of the first series
    scores[20:24] = 1.0  # alarms in the second one
    apart = np.repeat([0, 1], 20)
    assert volume_under_pr(anomalous, scores, np.zeros(40), 12) > volume_under_pr(anomalous, scores, apart, 12)
    assert volume_under_pr(anomalous, scores, apart, 12) == pytest.approx(
        volume_under_pr(anomalous, scores, apart, 0), abs=0.2
    )


def spelled_out(anomalous: np.ndarray, scores: np.ndarray, blocks: np.ndarray, most: int) -> float:
    """The same by loops over rows, thresholds and buffers."""
    n, areas = len(anomalous), []
    thresholds = np.sort(scores)[::-1][np.linspace(0, n - 1, 250).astype(int)]
    for buffer in range(most + 1):
        labels = anomalous.astype(float)
        reached: list[set[int]] = []
        for start, end in stretches(anomalous, blocks):
            reached.append(set(range(start, end)))
            for row in range(n):
                away = max(start - row, row - (end - 1))
                if blocks[row] == blocks[start] and 0 < away <= buffer // 2:
                    labels[row] += np.sqrt(1 - away / buffer)
                    reached[-1].add(row)
        labels = np.minimum(labels, 1.0)
        parts: list[set[int]] = []
        for own in reached:  # those that share a row are one
            if parts and parts[-1] & own:
                parts[-1] |= own
            else:
                parts.append(own)
        areas.append(0.0)
        before = 0.0
        for threshold in thresholds:
            above = scores >= threshold
            hits = labels[above].sum()
            positives = (anomalous.sum() + anomalous.sum() + labels[above & ~anomalous].sum()) / 2
            found = np.mean([above[sorted(own)].any() for own in parts])
            recall = min(hits / positives, 1.0) * found
            areas[-1] += (recall - before) * hits / above.sum()
            before = recall
    return float(np.mean(areas))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_volume_is_what_its_definition_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 60))
    anomalous = np.zeros(n, bool)
    for _ in range(int(rng.integers(1, 4))):
        start = int(rng.integers(0, n))
        anomalous[start : start + int(rng.integers(1, 9))] = True
    scores = (rng.normal(size=n) + anomalous).round(1)
    blocks = (np.arange(n) >= int(rng.integers(0, n))).astype(int)
    most = int(rng.integers(0, 9))
    expected = spelled_out(anomalous, scores, blocks, most)
    assert volume_under_pr(anomalous, scores, blocks, most) == pytest.approx(expected, abs=1e-9)
