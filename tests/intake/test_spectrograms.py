"""Spectrograms: a tone lies in its band, full scale is 0 dB, and what is stored of the form brings it back."""

from __future__ import annotations

import numpy as np
import pytest

from automl.intake.spectrograms import BANDS, MOST_FRAMES, SoundForm, decibels, is_sound_form, spectrogram

FORM = SoundForm.of(16_000, 1.0)


def sine(hertz, peak=1.0, form=FORM):
    return (peak * np.sin(2 * np.pi * hertz * np.arange(form.samples) / form.rate)).astype("float32")


@pytest.mark.parametrize("hertz", [100.0, 440.0, 1_000.0, 3_000.0, 7_000.0])
def test_a_tone_is_loudest_in_the_band_around_it(hertz):
    picture = spectrogram(sine(hertz), FORM)
    assert (picture.shape, picture.dtype) == (FORM.shape, np.uint8) == ((BANDS, 98, 1), np.uint8)
    row = int(picture[:, 50, 0].argmax())
    assert FORM.hertz(row + 1) - 35 <= hertz <= FORM.hertz(row) + 35  # half a bin of 31 Hz beside it


def test_a_tone_at_full_scale_is_0_decibels_and_half_of_it_6_less():
    levels = [decibels(spectrogram(sine(1_000.0, peak), FORM)[None])[0, 50].max() for peak in (1.0, 0.5, 0.05)]
    np.testing.assert_allclose(levels[0], 0.0, atol=2.0)
    np.testing.assert_allclose(np.diff(levels), [-6.02, -20.0], atol=0.5)


def test_silence_is_zero_and_decibels_are_low_band_first():
    assert spectrogram(np.zeros(FORM.samples, "float32"), FORM).max() == 0
    level = decibels(spectrogram(sine(200.0), FORM)[None])
    assert level.shape == (1, 98, BANDS) and level[0, 50].argmax() < 6


def test_a_long_sound_has_no_more_frames_and_they_are_means_of_powers():
    form = SoundForm.of(16_000, 10.0)
    assert form.shape[1] <= MOST_FRAMES and form.factor == 8
    half = np.concatenate([sine(1_000.0, form=form)[: form.samples // 2], np.zeros(form.samples // 2, "float32")])
    level = decibels(spectrogram(half, form)[None])[0].max(axis=1)
    assert level[10] > -3 and level[-10] == -100
    assert form.second(form.shape[1]) == pytest.approx(10.0, abs=0.1)


def test_places_of_a_picture_are_told_in_hertz_and_seconds():
    assert FORM.hertz(0) > 7_000 and 0 < FORM.hertz(BANDS) < 60
    assert (FORM.second(0), FORM.second(50)) == (0.0, 0.5)


def test_a_form_comes_back_from_what_is_stored_and_odd_ones_are_refused():
    told = FORM.settings()
    assert SoundForm.read(told) == FORM and is_sound_form(told)
    wrong = [
        {}, {**told, "rate": 0}, {**told, "samples": 10**9}, {**told, "bands": 16_000.0}, {**told, "hop": True},
        {**told, "more": 1}, {**told, "window": told["samples"] + 1}, {**told, "full_scale": 0.0},
        {**told, "hop": 1, "samples": 9_000_000}, {**told, "own_rate": float("nan")},
    ]  # fmt: skip
    assert [is_sound_form(one) for one in wrong] == [False] * len(wrong)
