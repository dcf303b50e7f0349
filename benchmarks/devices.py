"""What each choice of the device policy costs and brings on this machine, CPU or GPU, with one command.

    python benchmarks/devices.py [--only mlp,cnn] [--parts precision,xla,...] [--quick] [--out FILE]

Trains the first start of each shipped template on synthetic data that it makes, each setting in a process of its own.
A test holds the list of templates complete.

    precision     float32, mixed_bfloat16, mixed_float16 (speed only: automl has no loss scaling)
    xla           the training step compiled by XLA, or not
    threads       one thread for the operators of a step, or as many as there are cores
    dispatch      1 and 8 steps a dispatch, or as many as fit into 0.25 s
    spread        one device, or each batch split over all of them (two logical ones on a CPU), with the gain that the
                  policy expects
    side-by-side  two trials at once on two devices (on a CPU: in two processes that share it), or one after the other

Printed: samples a second, the median of several repetitions after the first step, and seconds to the first step's end
(building, tracing and compiling). The last line is JSON.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SERIES = ("resnet1d", "lite", "tcn", "series_transformer", "series_rnn")
FORECASTS = ("mlp_forecast", "nhits", "patch_transformer", "rnn_forecast")
TEXTS = ("ngram_mlp", "text_cnn", "text_rnn", "text_transformer", "pretrained_text")
TABLES = ("mlp", "tabm", "ft_transformer", "retrieval")
PICTURES = ("cnn", "gradient_mlp", "resnet", "vit", "pretrained_image")
UNUSUAL_PICTURES = ("gradient_autoencoder",)
UNLABELLED = ("autoencoder", "vae", "dte")
REPRESENTING, REPRESENTING_PICTURES = ("masked", "scarf"), ("simclr",)
WINDOWS = ("series_predictor",)
SOUNDS, MASKS = ("audio_cnn", "audio_resnet", "audio_rnn"), ("unet",)
GENERATING = ("table_ar", "table_diffusion", "table_vae", "table_gan")
PAINTING, DRAWING = ("image_diffusion", "image_vae", "image_gan"), ("series_diffusion", "series_vae")
WRITING = ("text_transformer_lm",)
PRETRAINED = ("pretrained_text", "pretrained_image")
TEMPLATES = (
    *TABLES,
    *PICTURES,
    *UNUSUAL_PICTURES,
    *TEXTS,
    *SERIES,
    *FORECASTS,
    *UNLABELLED,
    *REPRESENTING,
    *REPRESENTING_PICTURES,
    *WINDOWS,
    *SOUNDS,
    *MASKS,
    *GENERATING,
    *PAINTING,
    *DRAWING,
    *WRITING,
)
PARTS = ("precision", "xla", "threads", "dispatch", "spread", "side-by-side")
BASE: dict[str, Any] = {"precision": "float32", "xla": False, "steps": 0, "devices": 1, "threads": 0}
SPREAD = ("mlp", "cnn")  # the policy expects nothing of the others at these sizes


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(TEMPLATES))
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each repetition")
    parser.add_argument("--batch", type=int, default=0, help="rows a step; default the template's start")
    parser.add_argument("--quick", action="store_true", help="3 repetitions of 0.4 s")
    parser.add_argument("--out", default="", help="file for the results, written after each job")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.quick:
        args.repetitions, args.seconds = 3, 0.4
    return args


# --------------------------------------------------------------------------- one setting, in a process of its own


def synthetic(name: str) -> tuple[dict[str, np.ndarray], np.ndarray, tuple[Any, ...], Any]:
    """Inputs, target, specs and head of 2,048 rows."""
    from automl.records import NGRAM_BITS, Head, InputSpec

    rng, n = np.random.default_rng(0), 2048
    classes = Head("multiclass", (10,), "softmax", "sparse_categorical_crossentropy", (), (0.1,) * 10)
    labels = rng.integers(0, 10, size=n).astype("int32")
    if name in (*UNLABELLED, *UNUSUAL_PICTURES, *WINDOWS):  # they learn no target
        classes, labels = Head("anomaly", (1,), "linear", "own"), np.zeros((n, 1), "float32")
    if name in (*REPRESENTING, *REPRESENTING_PICTURES):
        classes, labels = Head("represent", (16,), "linear", "own", is_code=True), np.zeros((n, 1), "float32")
    if name in GENERATING:
        return _rows_to_generate(rng, n)
    if name in (*PAINTING, *DRAWING, *WRITING):
        return _items_to_generate(name, rng, n)
    if name in (*TABLES, *UNLABELLED, *REPRESENTING):
        x = rng.normal(size=(n, 20)).astype("float32")
        quantiles = [list(np.quantile(column, np.linspace(0, 1, 65))) for column in x.T]
        stats = {"median": [0.0] * 20, "scale": [1.0] * 20, "quantiles": quantiles, "missing": [0.0] * 20,
                 "splits": [quantile[4::4] for quantile in quantiles]}  # fmt: skip
        return {"numbers": x}, labels, (InputSpec("numbers", "numbers", (20,), "float32", 0, stats),), classes
    if name in PRETRAINED:
        spec = InputSpec("vectors", "vectors", (384,), "float32", 0, {"mean": [0.0] * 384, "std": [1.0] * 384})
        return {"vectors": rng.normal(size=(n, 384)).astype("float32")}, labels, (spec,), classes
    if name in (*PICTURES, *UNUSUAL_PICTURES, *REPRESENTING_PICTURES):
        x = rng.integers(0, 256, size=(n, 28, 28, 1)).astype("uint8")
        spec = InputSpec("image", "image", (28, 28, 1), "uint8", 0, _picture_stats(x))
        return {"image": x}, labels, (spec,), classes
    if name in SOUNDS:
        x = rng.integers(0, 256, size=(n, 40, 98, 1)).astype("uint8")
        spec = InputSpec("spectrogram", "spectrogram", (40, 98, 1), "uint8", 0, {"mean": [90.0], "std": [50.0]})
        return {"spectrogram": x}, labels, (spec,), classes
    if name in MASKS:
        x = rng.integers(0, 256, size=(n, 64, 64, 3)).astype("uint8")
        spec = InputSpec("image", "image", (64, 64, 3), "uint8", 0, {"mean": [128.0] * 3, "std": [70.0] * 3})
        head = Head("segment", (64, 64, 3), "linear", "masks", (), (0.7, 0.2, 0.1))
        return {"image": x}, rng.integers(0, 3, size=(n, 64, 64)).astype("uint8"), (spec,), head
    if name == "ngram_mlp":
        x = rng.integers(1, 40_000, size=(n, 512)) + (rng.integers(1, 2_048, size=(n, 512)) << NGRAM_BITS)
        spec = InputSpec("ngrams", "ngrams", (512,), "int32", 40_000, {})
        return {"ngrams": x.astype("int32")}, labels, (spec,), classes
    if name in TEXTS:
        x = rng.integers(0, 5000, size=(n, 64)).astype("int32")
        return {"tokens": x}, labels, (InputSpec("tokens", "tokens", (64,), "int32", 5000, {}),), classes
    if name in (*SERIES, *WINDOWS):
        x = rng.normal(size=(n, 128, 3)).astype("float32")
        spec = InputSpec("series", "series", (128, 3), "float32", 0, {"mean": [0.0] * 3, "std": [1.0] * 3})
        return {"series": x}, labels, (spec,), classes
    x = rng.normal(size=(n, 96, 1)).astype("float32")
    spec = InputSpec(
        "series", "series", (96, 1), "float32", 0, {"mean": [0.0], "std": [1.0], "season": 24, "n_targets": 1}
    )
    head = Head("forecast", (24, 1, 3), "linear", "forecast", (0.1, 0.9), ())
    return {"series": x}, rng.normal(size=(n, 24, 1)).astype("float32"), (spec,), head


def _picture_stats(pictures: np.ndarray) -> dict[str, Any]:
    """Moments of grey pictures, and principal components of their gradients."""
    from automl.modalities.shared.picture_components import component_stats

    mean, std = np.array([128.0]), np.array([70.0])
    found = component_stats(lambda rows: pictures[rows], np.arange(500), mean, std)
    return {"mean": mean.tolist(), "std": std.tolist(), "gradients": found}


def _rows_to_generate(
    rng: np.random.Generator, n: int
) -> tuple[dict[str, np.ndarray], np.ndarray, tuple[Any, ...], Any]:
    """Normal scores, codes and noise of a table with ten columns of numbers and five of levels."""
    from automl.records import Head, InputSpec

    levels = {"columns": [f"c{k}" for k in range(5)], "sizes": [9] * 5, "priors": [[0.0, *[0.125] * 8]] * 5}
    numbers = {"columns": [f"x{k}" for k in range(10)], "ties": [[]] * 10}
    inputs = {
        "numbers": rng.normal(size=(n, 10)).astype("float32"),
        "categories": rng.integers(1, 9, size=(n, 5)).astype("int32"),
        "noise": rng.normal(size=(n, 94)).astype("float32"),
    }
    specs = (
        InputSpec("numbers", "numbers", (10,), "float32", 0, numbers),
        InputSpec("categories", "categories", (5,), "int32", 9, levels),
        InputSpec("noise", "noise", (94,), "float32"),
    )
    return inputs, np.zeros((n, 1), "float32"), specs, Head("generate", (15,), "linear", "own")


def _items_to_generate(
    name: str, rng: np.random.Generator, n: int
) -> tuple[dict[str, np.ndarray], np.ndarray, tuple[Any, ...], Any]:
    """Pictures or series with their principal components, or texts; and noise."""
    from automl.records import Head, InputKind, InputSpec

    if name in WRITING:
        ids = rng.integers(3, 1_000, size=(n, 64)).astype("int32")
        inputs = {"tokens": ids, "noise": rng.normal(size=ids.shape).astype("float32")}
        specs = (
            InputSpec("tokens", "tokens", (64,), "int32", 1_000, {"columns": ["text"]}),
            InputSpec("noise", "noise", (64,), "float32"),
        )
        return inputs, np.zeros((n, 1), "float32"), specs, Head("generate", (64,), "linear", "own")
    kind: InputKind = "image" if name in PAINTING else "series"
    shape, dtype = ((28, 28, 1), "uint8") if name in PAINTING else ((128, 3), "float32")
    size, channels = int(np.prod(shape)), shape[-1]
    items = rng.integers(0, 256, size=(n, *shape)) if name in PAINTING else rng.normal(size=(n, *shape))
    stats = {
        "mean": [127.5 if name in PAINTING else 0.0] * channels,
        "std": [127.5 if name in PAINTING else 1.0] * channels,
        "center": np.zeros(size, "float32"),
        "components": np.linalg.qr(rng.normal(size=(size, 128)))[0].T.astype("float32"),
        "deviations": np.linspace(1.0, 0.1, 128, dtype="float32"),
    }
    inputs = {kind: items.astype(dtype), "noise": rng.normal(size=(n, 513)).astype("float32")}
    specs = (InputSpec(kind, kind, shape, dtype, 0, stats), InputSpec("noise", "noise", (513,), "float32"))
    return inputs, np.zeros((n, 1), "float32"), specs, Head("generate", (size,), "linear", "own")


def first_start(template: Any, specs: tuple[Any, ...], head: Any, n_rows: int) -> dict[str, Any]:
    """The settings of the template's first start; what it leaves out as its space defaults to."""
    from keras_tuner import HyperParameters

    from automl.records import Facts

    space, facts = HyperParameters(), Facts(n_rows, len(head.priors), head.priors)
    template.space(space, specs, facts)
    return {**space.values, **template.starts(specs, facts)[0]}


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Train one setting and say how fast that was."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus and job["devices"] > 1:
        two = [tf.config.LogicalDeviceConfiguration()] * job["devices"]
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], two)

    if job["threads"]:
        tf.config.threading.set_intra_op_parallelism_threads(job["threads"])

    from automl import catalog
    from automl.deep.training import device
    from automl.deep.training.cost import TrialCost, products_a_row
    from automl.deep.training.data_parallel import ParallelNetwork, Replicas
    from automl.deep.training.network import DeviceData, Network
    from automl.deep.training.retrieval import RetrievalNetwork
    from automl.deep.training.scores import ScoringNetwork
    from automl.records import Template

    policy = device.prepare()
    template = catalog.members(Template, "automl.templates")[job["template"]]
    family = template.family
    policy = dataclasses.replace(policy, precision=job["precision"], mixed=frozenset({family}),
                                 compiled=frozenset({family} if job["xla"] else ()))  # fmt: skip
    inputs, target, specs, head = synthetic(job["template"])
    valid = {name: array[:256] for name, array in inputs.items()}
    data = DeviceData.place(inputs, target, None, valid, 256)
    settings = first_start(template, specs, head, len(target))
    size = job["batch"] or int(settings["batch_size"])
    knobs = {name: float(settings[name]) for name in template.knobs if name in settings}
    choices = {name: value for name, value in settings.items() if name not in template.knobs}
    parts = (template, choices, knobs, specs, head)

    begun = time.perf_counter()
    if job["devices"] > 1:
        names = [f"{'GPU' if gpus else 'CPU'}:{i}" for i in range(job["devices"])]
        network: Network = ParallelNetwork(*parts, Replicas(names, data), policy)
    elif template.keeps_rows:
        network = RetrievalNetwork(*parts, data, policy)
    elif head.loss == "own":
        network = ScoringNetwork(*parts, data, policy)
    else:
        network = Network(*parts, data, policy)
    network.reset(knobs, size, 0)
    rng = np.random.default_rng(0)

    def train(n_steps: int) -> float:
        return network.train(rng.integers(0, len(target), size=(n_steps, size)), np.full(n_steps, 1e-3, "float32"))

    loss = train(1)
    first_seconds = time.perf_counter() - begun
    train(2)
    begun = time.perf_counter()
    train(8)
    step_seconds = (time.perf_counter() - begun) / 8
    steps = job["steps"] or max(1, int(policy.dispatch_seconds / step_seconds))
    train(steps)
    rates = []
    for _ in range(job["repetitions"]):
        begun, done = time.perf_counter(), 0
        while (spent := time.perf_counter() - begun) < job["seconds"]:
            loss = train(steps)
            done += steps
        rates.append(done * size / spent)
    work = TrialCost(network.n_parameters, products_a_row(network.model), size, 1)
    return {
        "samples_per_second": statistics.median(rates), "spread": [min(rates), max(rates)],
        "first_step_seconds": first_seconds, "steps_a_dispatch": steps, "batch_size": size, "loss": loss,
        "n_parameters": network.n_parameters,
        "expected_speed_up": work.step_seconds(1) / work.step_seconds(max(2, job["devices"])),
    }  # fmt: skip


# --------------------------------------------------------------------------- all of them


def run(job: dict[str, Any], at_once: int = 1) -> list[dict[str, Any]]:
    """Measure one setting in a process of its own, or in several at once, each with its own GPU where there are any."""
    processes = []
    for place in range(at_once):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
        if at_once > 1:
            environment.setdefault("CUDA_VISIBLE_DEVICES", str(place))
        processes.append(subprocess.Popen(
            [sys.executable, __file__, "--one", json.dumps(job)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=environment,
        ))  # fmt: skip
    found = []
    for process in processes:
        out, problem = process.communicate()
        lines = out.strip().splitlines()
        found.append(json.loads(lines[-1]) if process.returncode == 0 and lines else {"failure": problem[-400:]})
    return found


def count_gpus() -> int:
    """How many GPUs TensorFlow sees, asked in a process of its own."""
    code = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def jobs_of(args: argparse.Namespace, n_gpus: int) -> list[tuple[str, str, dict[str, Any], int]]:
    """Part, name of the setting, what differs from the base, and how many processes at once."""
    parts, several = args.parts.split(","), max(2, n_gpus)
    planned: list[tuple[str, str, dict[str, Any], int]] = []
    for name in args.only.split(","):
        planned.append(("base", "float32, no XLA, 0.25 s a dispatch", {"template": name}, 1))
        if "precision" in parts:
            planned += [("precision", p, {"template": name, "precision": p}, 1)
                        for p in ("mixed_bfloat16", "mixed_float16")]  # fmt: skip
        if "xla" in parts:
            planned.append(("xla", "XLA", {"template": name, "xla": True}, 1))
        if "threads" in parts:
            planned.append(("threads", "one thread for operators", {"template": name, "threads": 1}, 1))
        if "dispatch" in parts:
            planned += [("dispatch", f"{n} steps a dispatch", {"template": name, "steps": n}, 1) for n in (1, 8)]
        if "spread" in parts and name in SPREAD and n_gpus != 1:
            planned.append(("spread", f"batch over {several} devices", {"template": name, "devices": several}, 1))
        if "side-by-side" in parts and name in SPREAD and n_gpus != 1:
            planned.append(("side-by-side", "two trials at once", {"template": name}, 2))
    return planned


def main() -> None:
    args = arguments()
    if args.one:
        print(json.dumps(measure(json.loads(args.one))))
        return
    n_gpus = count_gpus()
    print(f"{n_gpus} GPUs, {os.cpu_count()} cores\n")
    print(f"{'template':<13} {'setting':<36} {'samples/s':>10} {'of base':>8} {'first step':>11}")
    common = {**BASE, "repetitions": args.repetitions, "seconds": args.seconds, "batch": args.batch}
    results: list[dict[str, Any]] = []
    base = 1.0
    for part, words, changes, at_once in jobs_of(args, n_gpus):
        found = run({**common, **changes}, at_once)
        entry = {"template": changes["template"], "part": part, "setting": words}
        failure = next((one["failure"] for one in found if "failure" in one), None)
        if failure is not None:
            entry["failure"] = failure
            print(f"{entry['template']:<13} {words:<36} failed: {failure.strip().splitlines()[-1:]}", flush=True)
        else:
            rate = sum(one["samples_per_second"] for one in found)
            base = rate if part == "base" else base
            entry |= {"samples_per_second": round(rate, 1), "of_base": round(rate / base, 3),
                      "first_step_seconds": round(max(one["first_step_seconds"] for one in found), 2),
                      "found": found}  # fmt: skip
            print(f"{entry['template']:<13} {words:<36} {rate:>10,.0f} {rate / base:>7.2f}x "
                  f"{entry['first_step_seconds']:>9.1f} s", flush=True)  # fmt: skip
        results.append(entry)
        if args.out:
            Path(args.out).write_text(json.dumps(results, indent=1), "utf-8")
    short = [{key: value for key, value in entry.items() if key != "found"} for entry in results]
    print(json.dumps({"devices": {"n_gpus": n_gpus, "results": short}}))


if __name__ == "__main__":
    main()
