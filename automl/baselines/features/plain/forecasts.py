"""What forecasts read of a window: its past in sizes of its own, the calendar, covariates; and smoothing, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = [
    "boosting_inputs", "boosting_rows", "calendar_phases", "held_values", "naive_inputs", "normalised", "ridge_inputs",
    "ridge_rows", "smoothed_ahead", "smoothing_inputs", "straightened", "window_context", "window_inputs",
    "window_rows",
]  # fmt: skip

MOST_LAGS, MOST_MEANS = 64, 24
MOST_SIZES = 50.0
"""Departures beyond so many sizes of a window count as so many."""

Given = Mapping[str, np.ndarray]
Settings = Mapping[str, Any]
Context = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def naive_inputs(given: Given, spec: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Base forecast ``(n, horizon, n_targets)`` and size ``(n, 1, n_targets)`` of each window."""
    _, base, _, size = window_context(given, spec)
    return base, size


def ridge_inputs(given: Given, spec: Settings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scaled rows of a ridge ``(n, n_rows, n_columns)``, base and size; see `ridge_rows`."""
    _, base, _, size = window_context(given, spec)
    rows = (ridge_rows(given, spec) - spec["center"]) / spec["scale"]
    return rows.reshape(len(base), -1, rows.shape[1]), base, size


def boosting_inputs(given: Given, spec: Settings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of boosted trees ``(n, n_rows, n_columns)``, base and size; see `boosting_rows`."""
    _, base, _, size = window_context(given, spec)
    rows = boosting_rows(given, spec)
    return rows.reshape(len(base), -1, rows.shape[1]), base, size


def window_inputs(given: Given, spec: Settings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of a ridge on the whole window ``(n, n_targets, n_columns)``, base and size; see `window_rows`."""
    _, base, _, size = window_context(given, spec)
    rows = window_rows(given, spec)
    return rows.reshape(len(base), -1, rows.shape[1]), base, size


def smoothing_inputs(given: Given, spec: Settings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Departures ``(n, horizon, n_targets)`` of a smoothed forecast from the base in sizes; base and size."""
    history, base, _, size = window_context(given, spec)
    return (smoothed_ahead(history, spec["parameters"], spec) - base) / size, base, size


# --------------------------------------------------------------------------- the past of a window


def held_values(values: np.ndarray) -> np.ndarray:
    """Gaps of ``(n, length, n_columns)`` held from before, or at the start from behind; 0 where nothing is known."""
    known = ~np.isnan(values)
    if known.all():
        return values
    steps = np.arange(values.shape[1])[None, :, None]
    last = np.maximum.accumulate(np.where(known, steps, -1), axis=1)
    found = np.take_along_axis(values, np.where(last >= 0, last, known.argmax(axis=1)[:, None]), axis=1)
    return np.where(np.isnan(found), 0.0, found)


def straightened(values: np.ndarray, transform: str) -> np.ndarray:
    """Values on the scale that is modelled: their logarithm, their root, or as they are."""
    if transform == "log":
        return np.asarray(np.log(np.maximum(values, 1e-12)))
    return np.asarray(np.sqrt(np.maximum(values, 0.0))) if transform == "sqrt" else values


def window_context(given: Given, spec: Settings) -> Context:
    """History, base forecast, level and size of each window, on the scale that is modelled.

    Args:
        given: under the name that ``spec["past"]`` is, the steps before each window ``(n, length, n_targets)``, NaN for
            gaps.
        spec: "span", "season", "horizon", "recent", "base" ("last", "mean" or "season") and "transform", see
            `automl.baselines.forecaster`.
    """
    history = straightened(held_values(given[spec["past"]]), spec["transform"])
    level, size = normalised(history, "mean" if spec["base"] == "mean" else "last", spec["span"], spec["recent"])
    if spec["base"] == "season":
        at = history.shape[1] - spec["season"] + np.arange(spec["horizon"]) % spec["season"]
        return history, history[:, at], level, size
    return history, np.repeat(level, spec["horizon"], axis=1), level, size


def normalised(
    history: np.ndarray, level: str, span: int, recent_steps: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Level and size that a window is measured by, each ``(n, 1, n_targets)``, from its past alone.

    Args:
        history: ``(n, length, n_targets)``.
        level: "last", or "mean" of the last `span` steps.
        span: in steps.
        recent_steps: how many changes tell the size, so that it does not depend on how far back a model looks; None
            for all.
    """
    recent = history[:, -span:]
    location = history[:, -1:] if level == "last" else recent.mean(axis=1, keepdims=True)
    latest = history if recent_steps is None else history[:, -(recent_steps + 1) :]
    spread = np.abs(np.diff(latest, axis=1)).mean(axis=1, keepdims=True)
    spread = spread + 0.25 * recent.std(axis=1, keepdims=True)
    floor = 1e-6 * (1.0 + np.abs(location))
    return location, np.maximum(spread, floor)


# --------------------------------------------------------------------------- beside the past


def calendar_phases(times: np.ndarray, step_days: float) -> np.ndarray:
    """Phases of the cycles that the time step can show: ``(*times.shape, n_phases)``.

    Quarter hours to hours show day, week and year; days week and year; weeks to quarters the year; years none.

    Args:
        times: datetime64, of any shape.
        step_days: days from one step to the next.
    """
    days, years = times.astype("datetime64[D]"), times.astype("datetime64[Y]")
    phases = []
    if step_days < 0.9:
        minutes = (times.astype("datetime64[m]") - days).astype(np.int64)
        phases.append((minutes // 60 + minutes % 60 / 60) / 24)
    if step_days < 6:
        phases.append((days.astype(np.int64) + 3) % 7 / 7)
    if step_days < 200:
        phases.append((days - years.astype("datetime64[D]")).astype(np.int64) / 365.25)
    angles = [2 * np.pi * k * np.asarray(phase, np.float64) for phase in phases for k in (1, 2, 3)]
    columns = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    return np.stack(columns, axis=-1) if columns else np.zeros((*times.shape, 0))


def known_ahead(values: np.ndarray, spec: Settings) -> np.ndarray:
    """Standardised covariates known ahead ``(n, n_steps, n_covariates)``; gaps are 0."""
    if spec["known_mean"] is None:
        return np.asarray(np.nan_to_num(values))
    return np.asarray(np.nan_to_num((values - spec["known_mean"]) / spec["known_spread"]))


def past_of_others(given: Given, spec: Settings, n: int) -> np.ndarray:
    """The latest steps of the covariates whose past is read, ``(n, steps * n_covariates)``, standardised."""
    if spec["others"] is None:
        return np.zeros((n, 0))
    values = (given[spec["others"]] - spec["others_mean"]) / spec["others_spread"]
    return held_values(np.where(np.isfinite(values), values, np.nan)).reshape(n, -1)


# --------------------------------------------------------------------------- rows of learners


def ridge_rows(given: Given, spec: Settings) -> np.ndarray:
    """Lags, calendar and covariates: a row for each target of a window, or one for all ``(n * n_rows, n_columns)``."""
    history, _, level, size = window_context(given, spec)
    n, _, n_targets = history.shape
    lags = np.clip((history[:, -spec["length"] :] - level) / size, -MOST_SIZES, MOST_SIZES)
    shared = [given["calendar"][:, 0], past_of_others(given, spec, n)]
    if spec["known"]:
        shared.append(known_ahead(given["known"], spec).reshape(n, -1))
        if spec["known_mean"] is not None:
            shared.append(known_ahead(given[spec["known_past"]], spec).reshape(n, -1))
    side = np.concatenate(shared, axis=1)
    if not spec["apart"]:
        return np.concatenate([lags.reshape(n, -1), side], axis=1)
    own = lags.transpose(0, 2, 1).reshape(n * n_targets, -1)
    blocks = [own, np.repeat(side, n_targets, axis=0)]
    if n_targets > 1:
        which = np.tile(np.eye(n_targets), (n, 1))
        blocks += [which, (which[:, :, None] * own[:, None, -3:]).reshape(len(own), -1)]
        blocks.append((which[:, :, None] * blocks[1][:, None, :]).reshape(len(own), -1))
    return np.concatenate(blocks, axis=1)


def window_rows(given: Given, spec: Settings) -> np.ndarray:
    """``(n * targets, features)``: own past, a constant; for each target past covariates, and what is known."""
    history, _, level, size = window_context(given, spec)
    n, _, n_targets = history.shape
    lags = np.clip((history[:, -spec["length"] :] - level) / size, -MOST_SIZES, MOST_SIZES)
    own = lags.transpose(0, 2, 1).reshape(n * n_targets, -1)
    side = [np.ones((n, 1)), past_of_others(given, spec, n)]
    if spec["known"]:  # the latest past as well: what raised the last value is no part of the level
        side += [known_ahead(given[name], spec).reshape(n, -1) for name in ("known", spec["known_past"])]
    if spec["calendar"]:
        side.append(given["calendar"][:, 0])
    shared = np.repeat(np.concatenate(side, axis=1), n_targets, axis=0)
    if n_targets == 1:
        return np.concatenate([own, shared], axis=1)
    which = np.tile(np.eye(n_targets), (n, 1))
    return np.concatenate([own, (which[:, :, None] * shared[:, None]).reshape(len(own), -1)], axis=1)


def boosting_rows(given: Given, spec: Settings) -> np.ndarray:
    """One row a (window, step, target)."""
    history, base, level, size = window_context(given, spec)
    n, length, n_targets = history.shape
    horizon, season, own_length, is_recent = spec["horizon"], spec["season"], spec["length"], spec["recent"] is not None
    z = np.clip((history - level) / size, -MOST_SIZES, MOST_SIZES)
    steps = np.arange(horizon)
    lags = boosting_lags(z, own_length, is_recent).transpose(0, 2, 1)  # (n, targets, lags)
    shape = (n, horizon, n_targets)
    columns: list[Any] = [np.broadcast_to(steps[None, :, None], shape)]
    for k in (1, 2):  # the values one and two seasons before the step, if the history reaches so far
        if k * season + horizon <= 10_000:
            columns.append(np.broadcast_to(z[:, np.maximum(length - k * season + steps % season, 0)], shape))
    if is_recent and own_length > 2 * spec["span"] + 1:  # a cycle before the step, and around that
        at = np.minimum(length - own_length + steps, length - 1)
        near = np.clip(at[:, None] + np.arange(-2, 3), 0, length - 1)
        columns += [np.broadcast_to(z[:, at], shape), np.broadcast_to(z[:, near].mean(axis=2), shape)]
    columns.append((base - level) / size)
    columns += [np.broadcast_to(np.log(size), shape), np.broadcast_to(level / size, shape)]
    columns += [np.broadcast_to(z[:, -w:].mean(axis=1, keepdims=True), shape) for w in (3, spec["span"], length)]
    if n_targets > 1:
        columns.append(np.broadcast_to(np.arange(n_targets)[None, None, :], shape))
    blocks = [np.stack(columns, axis=-1)]
    blocks.append(np.broadcast_to(lags[:, None], (*shape, lags.shape[2])))
    extras = [given["calendar"]]
    if spec["known"]:
        extras.append(given["known"])
        if is_recent:  # at the last step, and at the step that the base was taken from
            before = given[spec["known_past"]]
            extras += [np.repeat(before[:, -1:], horizon, axis=1), before[:, steps % season]]
    others = past_of_others(given, spec, n)
    blocks.append(np.broadcast_to(others[:, None, None], (*shape, others.shape[1])))
    for extra in extras:
        blocks.append(np.broadcast_to(extra[:, :, None], (*shape, extra.shape[2])))
    return np.concatenate(blocks, axis=-1).reshape(n * horizon * n_targets, -1)


def boosting_lags(z: np.ndarray, own_length: int, is_recent: bool) -> np.ndarray:
    """The latest steps one by one, and at most `MOST_MEANS` means of the steps before."""
    n, length, n_targets = z.shape
    lags = z[:, -min(own_length, length) :]
    if not is_recent or own_length <= MOST_LAGS:  # models of before have all lags
        return lags
    early = lags.shape[1] - MOST_LAGS
    block = -(-early // MOST_MEANS)
    whole = early - early % block
    means = lags[:, early - whole : early].reshape(n, whole // block, block, n_targets).mean(axis=2)
    return np.concatenate([means, lags[:, early:]], axis=1)


# --------------------------------------------------------------------------- smoothing


def smoothed_ahead(past: np.ndarray, parameters: Mapping[str, float], spec: Settings) -> np.ndarray:
    """Forecasts ``(n, horizon, n_targets)`` on the scale of the past ``(n, steps, n_targets)``.

    Args:
        past: without gaps.
        parameters: "alpha", and of exponential smoothing "beta" and "gamma".
        spec: "method" ("ets" or "theta"), "trend" ("none", "damped" or "linear"), "season" and "horizon".
    """
    carried = carried_theta if spec["method"] == "theta" else carried_ets
    return carried(past, parameters, spec)


def carried_ets(past: np.ndarray, parameters: Mapping[str, float], spec: Settings) -> np.ndarray:
    """A level, a trend and a season (ETS), carried on; see `smoothed_ahead`."""
    alpha, beta, gamma = (float(parameters[name]) for name in ("alpha", "beta", "gamma"))
    phi = {"damped": 0.95, "linear": 1.0}.get(spec["trend"], 0.0)
    steps, m = past.shape[1], spec["season"] if past.shape[1] >= 2 * spec["season"] else 1
    level = past[:, :m].mean(axis=1)
    trend = (past[:, m : 2 * m].mean(axis=1) - level) / m if phi and m > 1 else np.zeros_like(level)
    seasons = [past[:, k] - level - trend * (k - (m - 1) / 2) for k in range(m)] if m > 1 else [0.0 * level]
    for t in range(steps):
        carried = level + phi * trend
        season = seasons[t % m]
        before, level = level, alpha * (past[:, t] - season) + (1 - alpha) * carried
        trend = beta * (level - before) + (1 - beta) * phi * trend
        if m > 1:
            seasons[t % m] = gamma * (past[:, t] - carried) + (1 - gamma) * season
    damped = np.cumsum(phi ** np.arange(1, spec["horizon"] + 1))
    return np.stack([level + damped[h] * trend + seasons[(steps + h) % m] for h in range(spec["horizon"])], axis=1)


def carried_theta(past: np.ndarray, parameters: Mapping[str, float], spec: Settings) -> np.ndarray:
    """Smoothing with half the trend as drift (Theta); see `smoothed_ahead`."""
    alpha = float(parameters["alpha"])
    steps, m = past.shape[1], spec["season"] if past.shape[1] >= 2 * spec["season"] else 1
    t = np.arange(steps) - (steps - 1) / 2
    slope = np.tensordot(t, past, axes=(0, 1)) / (t**2).sum()  # (n, n_targets)
    seasons = np.zeros((past.shape[0], m, past.shape[2]))
    if m > 1:
        flat = past - slope[:, None] * t[None, :, None]
        flat = flat - flat.mean(axis=1, keepdims=True)
        seasons = np.stack([flat[:, k::m].mean(axis=1) for k in range(m)], axis=1)
        seasons -= seasons.mean(axis=1, keepdims=True)
    level = past[:, 0] - seasons[:, 0]
    for step in range(1, steps):
        level = alpha * (past[:, step] - seasons[:, step % m]) + (1 - alpha) * level
    lead = np.arange(spec["horizon"]) + (1 - (1 - alpha) ** steps) / alpha
    ahead = level[:, None] + 0.5 * slope[:, None] * lead[None, :, None]
    return np.asarray(ahead + seasons[:, (steps + np.arange(spec["horizon"])) % m])
