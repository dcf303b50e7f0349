"""Attacks on membership: in which share of cases losses tell rows that a model learnt from from new ones."""

from __future__ import annotations

import numpy as np

from automl import metrics
from automl.metrics.known import cell_weights, item_means
from automl.records import Output

__all__ = ["advantage", "auc", "auc_draws", "confidences", "losses_of", "matched"]


def losses_of(truth: np.ndarray, output: Output) -> np.ndarray:
    """``(n,)`` the loss of each item: log loss of probabilities, otherwise squared error.

    Squared errors of several targets count relative to the spread of each.

    Args:
        truth: as metrics read it.
        output: predictions of the same items.
    """
    if "probabilities" in output.arrays:
        found = metrics.item_losses("log_loss", truth, output)
        assert found is not None
        return found[0]
    values = np.asarray(output.arrays["values"], float).reshape(truth.shape)
    cells = np.asarray(truth, float).reshape(len(truth), -1, truth.shape[-1] if truth.ndim > 1 else 1)
    spread = np.nanvar(cells, axis=(0, 1))
    errors = (values.reshape(cells.shape) - cells) ** 2 / np.where(spread > 0, spread, 1.0)
    return item_means(errors, None if cell_weights(cells) is None else cell_weights(cells))


def confidences(truth: np.ndarray, output: Output) -> np.ndarray:
    """``(n,)`` how sure a model is of the truth, on a scale on which it is nearly normal: larger is surer.

    The logit of the probability of the true class; of values minus the logarithm of the squared error, to which a small
    share of its mean is added.

    Source: Carlini et al. 2022, "Membership inference attacks from first principles", logit scaling, as in the
    authors' ``mi_lira_2021/score.py``.
    """
    losses = losses_of(truth, output)
    if "probabilities" in output.arrays:
        p = np.clip(np.exp(-losses), 1e-7, 1 - 1e-7)
        return np.asarray(np.log(p) - np.log1p(-p))
    return np.asarray(-np.log(losses + 1e-3 * losses.mean() + 1e-12))


def auc(members: np.ndarray, others: np.ndarray) -> float:
    """The chance that a member has a larger score than another item, ties by half (Mann and Whitney)."""
    return float(auc_draws(members, others, np.ones((1, len(members))), np.ones((1, len(others))))[0])


def auc_draws(
    members: np.ndarray, others: np.ndarray, member_weights: np.ndarray, other_weights: np.ndarray
) -> np.ndarray:
    """``(n_draws,)`` the same under weights ``(n_draws, n)`` of both."""
    order = np.argsort(others, kind="stable")
    below = np.concatenate([np.zeros((len(other_weights), 1)), np.cumsum(other_weights[:, order], axis=1)], axis=1)
    left = np.searchsorted(others[order], members, side="left")
    right = np.searchsorted(others[order], members, side="right")
    wins = 0.5 * (below[:, left] + below[:, right])
    total = member_weights.sum(axis=1) * below[:, -1]
    summed = (wins * member_weights).sum(axis=1)
    return np.asarray(np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0))


def advantage(member_losses: np.ndarray, other_losses: np.ndarray) -> float:
    """True minus false positive rate of the attack that calls a member whatever loses less than members do on average.

    Source: Yeom et al. 2018, "Privacy risk in machine learning", IEEE CSF, definition 4 and, of its attack by a
    threshold, the case in which the attacker knows the error on training rows alone (``sklearn_decide`` in the
    authors' ``code/inclusion.py``: an error below the root mean square of the training errors says member).
    """
    threshold = member_losses.mean()
    return float((member_losses <= threshold).mean() - (other_losses <= threshold).mean())


def matched(first: np.ndarray, second: np.ndarray, most: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of as many of the first as of the second in each stratum, at most so many in all, in their order.

    Args:
        first: ``(n,)`` codes of strata.
        second: ``(m,)`` codes of strata.
        most: positions of each.
        seed: of the draw.
    """
    rng = np.random.default_rng((seed % 2**32, 19))
    n_of = {code: min(int((first == code).sum()), int((second == code).sum())) for code in np.unique(second).tolist()}
    share = min(1.0, most / max(sum(n_of.values()), 1))
    made: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for code, n in n_of.items():
        wanted = min(n, int(np.ceil(share * n)))
        for codes, picked in zip((first, second), made, strict=True):
            picked.append(rng.permutation(np.flatnonzero(codes == code))[:wanted])
    one, other = (np.sort(np.concatenate([np.empty(0, np.int64), *picked])) for picked in made)
    return one, other
