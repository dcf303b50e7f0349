"""Contests on sounds: spoken words by eight synthetic voices at three levels of noise, and machines that may be broken.

    python benchmarks/audio_contests.py --out FOLDER [--seconds 60] [--seeds 0] [--cases words_clean words_20 ...]

The words are spoken by espeak-ng (a Debian package, ``apt-get install espeak-ng``): ten words by eight voices, each
some times at other speeds and pitches; the split is by voice, so that no voice of the test was heard. Noise is pink,
at a ratio of 20 and of 5 decibels to the word. Machines are made here: hums with overtones, and in the test some with
a bad bearing (clicks), a slipping belt (a whistle) or a loose part (modulated noise). Both are synthetic: they say what
the toolkit makes of clear differences, not how it does on recordings.

Sounds and results lie in the folder; a case whose result is there is not run again. One line of JSON a case, and one
for all at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np

WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
VOICES = (
    "en-us+m1", "en-us+f2", "en-gb+m7", "en-gb-scotland+f4", "en-gb-x-rp+m3", "en-029+f1", "en-gb-x-gbclan+f5",
    "en-us-nyc+m5",
)  # fmt: skip
RATE = 16_000
TAKES = 20
CLEAN = None
NOISES = {"words_clean": CLEAN, "words_20": 20.0, "words_5": 5.0}
CASES = (*NOISES, "machines")


def main() -> None:
    """Run the cases that have no result yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    asked = parser.parse_args()
    print(json.dumps(run(asked.out, asked.seconds, asked.seeds, asked.cases)))


def run(out: Path, seconds: float, seeds: list[int], cases: list[str]) -> dict[str, Any]:
    """The results of all cases, those of before included: test scores, trials and processor seconds."""
    found: dict[str, Any] = {}
    for case in cases:
        for seed in seeds:
            name = f"{case}-{seconds:g}-{seed}"
            path = out / f"{name}.json"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                made = contest(case, out, seconds, seed)
                temporary = path.with_suffix(".part")
                temporary.write_text(json.dumps(made), encoding="utf-8")
                os.replace(temporary, path)
            found[name] = json.loads(path.read_text(encoding="utf-8"))
            print(json.dumps({name: found[name]}), flush=True)
    return found


def contest(case: str, out: Path, seconds: float, seed: int) -> dict[str, Any]:
    """One contest on a case."""
    import automl

    begun, used = time.monotonic(), time.process_time()
    options: dict[str, Any] = {"budget": seconds, "seed": seed, "quiet": True, "analysis": 0.0}
    with tempfile.TemporaryDirectory() as run_folder:
        target = Path(run_folder) / "run"
        if case == "machines":
            table = machines(out / "machines")
            result = automl.fit(
                str(table), goal="anomaly", label="state", normal="fine", out=str(target), **options
            )  # fmt: skip
        else:
            folder = words(out / case, NOISES[case])
            result = automl.fit(str(folder), group="speaker", out=str(target), **options)
        stored = json.loads((target / "result.json").read_text(encoding="utf-8"))
    runs = stored["runs"]
    return {
        "metric": stored["task"]["metric"],
        "verdict": stored["verdict"],
        "rows": [stored["split"][name] for name in ("n_train", "n_valid", "n_test")],
        "test": {run["name"]: run["test_score"] for run in runs if run.get("finalist")},
        "all": [[run["name"], run["side"], run["status"], run["valid_score"]] for run in runs],
        "champion": stored.get("champion"),
        "deep": result.deep is not None,
        "wall_seconds": round(time.monotonic() - begun, 1),
        "process_seconds": round(time.process_time() - used, 1),
        "load": round(os.getloadavg()[0], 1),
    }


# --------------------------------------------------------------------------- words


def words(folder: Path, ratio: float | None) -> Path:
    """A folder with one subfolder a word; files are named ``speaker<n>_<take>.wav``.

    Args:
        folder: to write.
        ratio: of the word to the noise, in decibels; None for no noise.

    Raises:
        SystemExit: espeak-ng is not installed.
    """
    if (folder / "done").exists():
        return folder / "words"
    if shutil.which("espeak-ng") is None:
        raise SystemExit("this benchmark speaks words with espeak-ng: apt-get install espeak-ng")
    rng = np.random.default_rng(0)
    for number, voice in enumerate(VOICES, start=1):
        for word in WORDS:
            for take in range(TAKES):
                speed, pitch, gap = rng.integers(120, 220), rng.integers(25, 75), rng.integers(0, 4_000)
                spoken = speak(word, voice, int(speed), int(pitch))
                sound = placed(spoken, int(gap), float(rng.uniform(0.1, 0.9)))
                if ratio is not None:
                    sound = sound + noise(rng, len(sound)) * level(spoken) * 10 ** (-ratio / 20)
                write(folder / "words" / word / f"speaker{number}_{take}.wav", sound)
    (folder / "done").touch()
    return folder / "words"


def speak(word: str, voice: str, speed: int, pitch: int) -> np.ndarray:
    """A word as samples at `RATE`, its peak at 1."""
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", word]
    content = subprocess.run(command, check=True, capture_output=True).stdout
    rate = int.from_bytes(content[24:28], "little")
    samples = np.frombuffer(content[44:], "<i2").astype(np.float64)
    from scipy.signal import resample_poly

    made = resample_poly(samples, RATE, rate)
    return np.asarray(made / max(np.abs(made).max(), 1.0))


def placed(spoken: np.ndarray, gap: int, loudness: float) -> np.ndarray:
    """A second of sound with a word in it."""
    sound = np.zeros(RATE)
    part = spoken[: RATE - gap]
    sound[gap : gap + len(part)] = part * loudness
    return sound + np.random.default_rng(gap).normal(0, 1e-4, RATE)


def level(spoken: np.ndarray) -> float:
    """Root mean square of the louder half of a word."""
    power = np.sort(spoken**2)
    return float(np.sqrt(power[len(power) // 2 :].mean())) * 0.5


def noise(rng: np.random.Generator, n: int) -> np.ndarray:
    """Pink noise of spread 1."""
    spectrum = np.fft.rfft(rng.normal(size=n))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0))
    made = np.fft.irfft(spectrum, n)
    return np.asarray(made / made.std())


def write(path: Path, sound: np.ndarray) -> None:
    """A WAV file of 16 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.rint(np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes())


# --------------------------------------------------------------------------- machines


def machines(folder: Path, n_fine: int = 500, n_broken: int = 120, seconds: float = 2.0) -> Path:
    """An index file of machine sounds with their state."""
    table = folder / "machines.csv"
    if table.exists():
        return table
    rng = np.random.default_rng(1)
    lines = ["file,state"]
    for number in range(n_fine + n_broken):
        broken = number >= n_fine
        sound = machine(rng, seconds)
        state = "fine"
        if broken:
            state = str(rng.choice(["bearing", "belt", "loose"]))
            sound = sound + fault(rng, state, seconds)
        write(folder / "sounds" / f"{number:04d}.wav", 0.4 * sound)
        lines.append(f"sounds/{number:04d}.wav,{state}")
    temporary = table.with_suffix(".part")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.replace(temporary, table)
    return table


def machine(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """A hum with overtones whose speed and load vary, in noise."""
    times = np.arange(int(seconds * RATE)) / RATE
    speed = rng.uniform(45, 60) * (1 + 0.01 * np.sin(2 * np.pi * rng.uniform(0.2, 1.0) * times))
    phase = 2 * np.pi * np.cumsum(speed) / RATE
    hum = sum(rng.uniform(0.6, 1.0) / k * np.sin(k * phase + rng.uniform(0, 6)) for k in (1, 2, 3, 4, 6, 8, 12))
    return np.asarray(0.3 * hum + noise(rng, len(times)) * rng.uniform(0.08, 0.16))


def fault(rng: np.random.Generator, state: str, seconds: float) -> np.ndarray:
    """What a fault adds."""
    n = int(seconds * RATE)
    times, strength = np.arange(n) / RATE, rng.uniform(0.04, 0.12)
    if state == "belt":
        return np.asarray(strength * np.sin(2 * np.pi * rng.uniform(1_500, 3_000) * times + 3 * np.sin(9 * times)))
    if state == "loose":
        return np.asarray(strength * noise(rng, n) * (np.sin(2 * np.pi * rng.uniform(3, 9) * times) > 0.3))
    clicks = np.zeros(n)
    clicks[:: int(RATE / rng.uniform(12, 30))] = 1.0
    ring = np.exp(-np.arange(400) / 60) * np.sin(2 * np.pi * rng.uniform(2_500, 4_500) * np.arange(400) / RATE)
    return np.asarray(4 * strength * np.convolve(clicks, ring)[:n])


if __name__ == "__main__":
    main()
