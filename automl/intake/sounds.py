"""Sound files or arrays → spectrograms of one form; what is odd is told, and what cannot be read is left out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from automl.errors import DataError
from automl.intake.decoding import LONGEST_REASON
from automl.intake.files import shown
from automl.intake.fingerprint import fingerprint
from automl.intake.frames import is_frame
from automl.intake.images import column_of_files, dropped, full_path, only_readable
from automl.intake.sound_files import (
    OLD_UNSIGNED,
    UNSIGNED,
    Recording,
    at_rate,
    header,
    of_array,
    placed,
    record,
    scaled_samples,
    soundfile,
)
from automl.intake.sound_findings import sound_findings
from automl.intake.spectrograms import SoundForm, spectrogram
from automl.records import Dataset, Finding, Task

__all__ = ["USUAL_RATE", "Heard", "form_of_files", "heard_at", "sounds", "spectrograms"]

USUAL_RATE = 16_000
"""Samples a second to which sounds are brought; fewer where most files have fewer. Above 8 kHz nothing is heard."""
SAMPLE = 256
"""Files whose headers are read to choose the form."""
MOST_SECONDS = 30.0
COMMON = 0.95
"""Share of the sampled files that are no longer than the common length."""
PCM_SCALES = (2.0**15, 2.0**23, 2.0**31)
"""Full scale of whole samples of 16, 24 and 32 bits."""
LEAST_PCM = 100.0
"""Peak of an array from which its fractions may be whole samples of 16 bits: below it all would be under -50 dB."""
LONGER = 1.25
"""Where the longest is no longer than so many times that, it is the common length."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was found in one sound, beside its samples; see `Recording`."""

    rate: int
    channels: int
    seconds: float
    is_silent: bool
    is_clipped: bool


def sounds(dataset: Dataset, task: Task, form: SoundForm | None = None) -> tuple[Dataset, SoundForm]:
    """The spectrograms of a dataset's sounds, ``(n, bands, frames, 1)`` uint8.

    Args:
        dataset: inputs are a frame with one column of the kind audio_path, or sounds ``(n, channels, samples)`` with
            `Dataset.rate`.
        task: whose columns say which holds paths.
        form: of the sounds trained on; None to choose it by rates and lengths, which are told as findings.

    Returns:
        The dataset without the rows whose sound cannot be read, and the form that was used.

    Raises:
        DataError: no sound can be read, the library for files is lacking, or an array has no rate.
    """
    if not is_frame(dataset.inputs):
        return _of_array(dataset, form)
    soundfile()
    name = column_of_files(dataset, task, "audio_path")
    paths = [_path(value, dataset.root) for value in dataset.inputs[name]]
    used = form or form_of_files(paths)
    found, heard, reasons = spectrograms(paths, used)
    readable = np.array([i for i, picture in enumerate(found) if picture is not None], np.int64)
    if not len(readable):
        first = next(iter(reasons.values()), "no file is named")
        raise DataError(
            f"none of the {len(paths)} sounds of {dataset.name!r} can be read (the first: {first}); check the paths in "
            f"{name!r}, which are read relative to {shown(dataset.root or 'the current folder')!r}"
        )
    pictures = np.stack([picture for picture in found if picture is not None])
    findings = dataset.findings
    if len(readable) < len(paths):
        findings += (dropped(dataset, name, paths, reasons, "sounds"),)
    numbers = np.arange(len(paths)) if dataset.row_numbers is None else dataset.row_numbers
    findings += sound_findings(heard, used, numbers, name, is_new=form is not None)
    sources = np.array([None if path is None else str(path) for path in paths], dtype=object)
    digest = fingerprint(dataset.fingerprint, pictures)
    made = replace(dataset, findings=findings, fingerprint=digest, sources=sources)
    return only_readable(made, readable, pictures), used


def _path(value: Any, root: str | None) -> Path | None:
    """A cell as a path; None where it names nothing."""
    found = full_path(value, root)
    return found if isinstance(found, Path) else None


def form_of_files(paths: Sequence[Path | None]) -> SoundForm:
    """The commonest rate, at most `USUAL_RATE`, and the common length of a sample of the files."""
    named = [path for path in paths if path is not None]
    places = np.linspace(0, len(named) - 1, min(len(named), SAMPLE)).astype(int)
    told = []
    for place in places:
        try:
            told.append(header(named[place]))
        except (OSError, ValueError):  # counted and told when all are read
            continue
    if not told:
        return SoundForm.of(USUAL_RATE, 1.0)
    rates = Counter(rate for rate, _, _ in told)
    return SoundForm.of(min(rates.most_common(1)[0][0], USUAL_RATE), common_length([s for _, s, _ in told]))


def common_length(seconds: Sequence[float]) -> float:
    """The length that nearly all have; of all, where the longest is not much longer."""
    common = float(np.quantile(seconds, COMMON, method="higher"))
    longest = max(seconds)
    return min(longest if longest <= LONGER * common else common, MOST_SECONDS)


def spectrograms(
    paths: Sequence[Path | None], form: SoundForm
) -> tuple[list[np.ndarray | None], dict[int, Heard], dict[int, str]]:
    """Each file's spectrogram, several at once.

    Args:
        paths: of the files; None where none is named.
        form: of all spectrograms.

    Returns:
        Spectrograms ``(bands, frames, 1)`` uint8, None where one cannot be read; what was found in the others; and why
        not, by row.
    """
    heard: dict[int, Heard] = {}
    reasons: dict[int, str] = {}

    def one(i: int) -> np.ndarray | None:
        path = paths[i]
        if path is None:
            reasons[i] = "no path"
            return None
        try:
            with ExitStack() as turn:
                sound = record(path, turn)
                heard[i] = Heard(sound.rate, sound.channels, sound.seconds, sound.is_silent, sound.is_clipped)
                return spectrogram(heard_at(sound, form), form)
        except FileNotFoundError:
            reasons[i] = f"{shown(path.name)}: no such file"
        except MemoryError:
            reasons[i] = f"{shown(path.name)}: it does not fit into memory"
        except OSError as error:
            reasons[i] = f"{shown(path.name)}: {shown(error.strerror or str(error)[:LONGEST_REASON])}"
        except ValueError as error:
            reasons[i] = f"{shown(path.name)}: {shown(str(error)[:LONGEST_REASON])}"
        return None

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        found = list(pool.map(one, range(len(paths)), chunksize=16))
    return found, dict(sorted(heard.items())), dict(sorted(reasons.items()))


def heard_at(sound: Recording, form: SoundForm) -> np.ndarray:
    """The samples ``(form.samples,)`` of a recording that are looked at, at the form's rate.

    A file much longer than they are is cut before it is brought to the rate, so that only its loudest part is.
    """
    n_own = int(np.ceil(form.samples * sound.rate / form.rate))
    samples = placed(sound.samples, n_own) if len(sound.samples) > n_own else sound.samples
    return placed(at_rate(samples, sound.rate, form.rate), form.samples)


# --------------------------------------------------------------------------- arrays


def _of_array(dataset: Dataset, form: SoundForm | None) -> tuple[Dataset, SoundForm]:
    values = np.asarray(dataset.inputs)
    values = values[:, None] if values.ndim == 2 else values
    if dataset.rate is None:
        raise DataError(
            f"{dataset.name} is an array of sounds of shape {values.shape} without a rate; pass {{'X': X, 'rate': "
            "16000} or an .npz that holds both"
        )
    n, _, length = values.shape
    is_new, rate = form is not None, max(round(dataset.rate), 1)
    if form is not None and form.full_scale == UNSIGNED and _are_bytes(values):
        values = values.astype(np.uint8)
    full_scale = _full_scale(values, dataset.given, form)
    if form is None:
        seconds = min(length / rate, MOST_SECONDS)
        form = SoundForm.of(min(rate, USUAL_RATE), seconds, dataset.rate, full_scale)
    pictures = np.empty((n, *form.shape), np.uint8)
    heard, n_odd = {}, 0
    for row in range(n):
        own = scaled_samples(values[row], full_scale)
        n_odd += int(not np.isfinite(own).all())
        sound = of_array(own, rate)
        heard[row] = Heard(rate, sound.channels, sound.seconds, sound.is_silent, sound.is_clipped)
        pictures[row] = spectrogram(heard_at(sound, form), form)
    numbers = np.arange(n) if dataset.row_numbers is None else dataset.row_numbers
    findings = (*dataset.findings, *_odd_numbers(n_odd), *sound_findings(heard, form, numbers, "", is_new))
    return replace(dataset, inputs=pictures, findings=findings, sources=values), form


def _full_scale(values: np.ndarray, given: np.ndarray | None, form: SoundForm | None) -> float:
    """The value that is full scale: of small whole numbers by their type, of fractions 1, else that of a usual format.

    Unsigned bytes count about their middle, 128, as 8 bits PCM does. Larger types hold samples of 16 or 24 bits as well
    as their own, so whole numbers of 32 and 64 bits count by their peak, as fractions beyond 1 do: of standardised
    sounds the peak is full scale, of larger ones 32,768. New sounds have the scale of those trained on, unless only one
    of both is of fractions.
    """
    is_whole = values.dtype.kind in "ui"
    if values.dtype == np.uint8:
        return OLD_UNSIGNED if form is not None and form.full_scale == OLD_UNSIGNED else UNSIGNED
    if is_whole and values.dtype.itemsize <= 2:
        return float(np.iinfo(values.dtype).max)
    used = values if given is None or given.all() else values[~given]
    peak = float(np.abs(np.where(np.isfinite(used), used, 0).astype(np.float64)).max(initial=0.0))
    known = None if form is None else form.full_scale
    if is_whole:
        if known is not None and known > LEAST_PCM and peak <= known + 1.0:
            return known
        return next((scale for scale in PCM_SCALES if peak <= scale), peak)
    if known is not None and (peak <= LEAST_PCM if known <= LEAST_PCM else peak > 2.0):
        return known
    return 1.0 if peak <= 2.0 else peak if peak <= LEAST_PCM else max(PCM_SCALES[0], peak)


def _are_bytes(values: np.ndarray) -> bool:
    """Whether numbers of a larger type, as JSON has them, are unsigned bytes."""
    if values.dtype == np.uint8 or not values.size or not np.isfinite(values).all():
        return False
    return bool(values.min() >= 0 and 2 < values.max() <= 255 and (values == np.rint(values)).all())


def _odd_numbers(count: int) -> tuple[Finding, ...]:
    if not count:
        return ()
    message = f"{count:,} sounds hold values that are no finite numbers; these count as silence or full scale."
    return (Finding("odd_samples", "medium", message, "Check how the sounds were written.", count=count),)
