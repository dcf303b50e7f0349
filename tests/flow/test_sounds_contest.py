"""A contest on a folder of sounds: from files, some broken, to a verdict, a page that plays, and a saved model."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import automl
from automl.errors import DataError, OddRowsWarning
from automl.templates.shared import sounds

sys.path.append(str(Path(__file__).parents[1] / "intake"))
from written_sounds import RATE, tone, wav

pytest.importorskip("soundfile", reason="sound files are read by soundfile (extra audio)")

N, SPEAKERS = 60, 5
OPTIONS = {"templates": ["audio_cnn"], "max_trials": 1, "budget": "none", "quiet": True, "ensemble": False}


@pytest.fixture(scope="module")
def heard(tmp_path_factory, contests_are_not_analysed):
    """Rising and falling tones by five speakers, so soft in noise that some are mistaken; two files are broken."""
    folder = tmp_path_factory.mktemp("heard")
    rng = np.random.default_rng(0)
    for row in range(N):
        rises, who = row % 2, row // 2 % SPEAKERS
        times = np.arange(int(0.3 * RATE)) / RATE
        pitch = (400 + 100 * who) * 2.0 ** ((1 if rises else -1) * (times / 0.3 - 0.5))
        sound = rng.uniform(0.001, 0.03) * np.sin(2 * np.pi * np.cumsum(pitch) / RATE) + rng.normal(0, 0.02, len(times))
        wav(folder / "sounds" / ("up" if rises else "down") / f"speaker{who}_{row}.wav", sound)
    (folder / "sounds" / "up" / "speaker1_broken.wav").write_bytes(b"RIFF----WAVE")
    wav(folder / "sounds" / "down" / "speaker1_none.wav", np.zeros(0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sounds, "epochs_for", lambda n_rows: 6)
        patch.setattr("automl.flow.analyses.in_order", contests_are_not_analysed)
        return folder, automl.fit(str(folder / "sounds"), out=str(folder / "run"), **OPTIONS)


def test_both_sides_are_judged_and_what_is_odd_is_told(heard):
    _, result = heard
    told = result.result
    assert told["task"]["modality"] == "audio"
    assert sum(told["split"][part] for part in ("n_train", "n_valid", "n_test")) == N
    assert {run["side"] for run in told["runs"] if run["finalist"]} == {"deep", "shallow"}
    found = {finding["check"]: finding for finding in told["findings"]}
    assert found["unreadable_sounds"]["count"] == 2 and found["crossing_recordings"]["severity"] == "high"
    assert any("0.30 s at 8,000 samples a second" in words for words in told["task"]["evidence"])


def test_the_page_shows_spectrograms_and_plays_the_worst_errors_within_itself(heard):
    folder, _ = heard
    page = (folder / "run" / "report.html").read_text("utf-8")
    players = re.findall(
        r'<audio controls preload="metadata" src="(data:audio/(?:wav|ogg);base64,[A-Za-z0-9+/=]+)"', page
    )
    assert players and max(map(len, players)) <= 200_000
    assert "media-src data:" in page and "Spectrogram of the test sound" in page
    assert "high tones at the top" in page and "could not be made" not in page
    assert not re.search(r'src="(?!data:)', page)
    stored = (folder / "run" / "model" / "report.html").read_text("utf-8")
    assert "<audio" not in stored


def test_predictions_rest_on_stretches_of_time_and_tones(heard):
    _, result = heard
    rows = result.analysis("occlusion")
    assert rows["part"].str.fullmatch(r"\d\.\d\d to \d\.\d\d s, [\d,]+ to [\d,]+ Hz").all()
    assert {"background_noise", "muffled"} <= set(result.analysis("robustness")["corruption"])


def test_new_sounds_are_predicted_alike_by_a_saved_model_and_broken_ones_have_no_prediction(heard):
    folder, result = heard
    model = automl.load(folder / "run" / "model")
    files = sorted(str(path) for path in (folder / "sounds" / "up").glob("speaker0*.wav"))
    for side in ("deep", "shallow"):
        own = getattr(result, side).predict_proba(files)
        np.testing.assert_array_equal(own, getattr(model, side).predict_proba(files))
    wav(folder / "new.wav", tone(500.0, 0.3, 16_000), 16_000)
    assert len(model.predict(str(folder / "new.wav"))) == 1
    broken = [*files, str(folder / "sounds" / "up" / "speaker1_broken.wav")]
    with pytest.warns(OddRowsWarning, match="1 of .* sounds could not be read and their rows have an empty prediction"):
        assert model.predict(broken).isna().tolist() == [False] * len(files) + [True]
    with pytest.raises(DataError, match="none of the 1 sounds"):
        model.predict(broken[-1:])


def test_the_run_names_no_file(heard):
    folder, _ = heard
    assert "speaker1" not in json.dumps(json.loads((folder / "run" / "result.json").read_text("utf-8")))


def test_one_sound_or_one_class_is_too_little(tmp_path):
    wav(tmp_path / "one" / "a" / "x.wav", tone(500.0))
    with pytest.raises(DataError, match="holds one row"):
        automl.fit(str(tmp_path / "one"), **OPTIONS)
    for take in range(12):
        wav(tmp_path / "same" / "a" / f"{take}.wav", tone(500.0 + take))
    with pytest.raises(DataError):
        automl.fit(str(tmp_path / "same"), **OPTIONS)


def test_sounds_are_not_generated(tmp_path):
    data = {"X": np.stack([tone(400.0 + i) for i in range(30)]), "rate": RATE}
    with pytest.raises(automl.errors.InputError, match="audio"):
        automl.fit(data, goal="generate", **{**OPTIONS, "templates": []})
