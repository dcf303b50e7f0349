"""The commands `automl validate`, `schema` and `doctor`: check a recipe, write its schema, describe this machine."""

from __future__ import annotations

import json as jsons
import sys
from typing import Annotated, Any

import typer

from automl.system import terminal
from automl.system.printable import printable

__all__ = ["doctor", "schema", "validate"]

LIBRARIES = (
    "automl-keras", "tensorflow", "keras", "keras-tuner", "scikit-learn", "skrub", "skops", "numpy", "pandas",
    "pyarrow", "pydantic",
)  # fmt: skip

# Runs in a process of its own, so that a TensorFlow that crashes while loading ends only that process.
PROBE = """
import json, sys
import tensorflow as tf
devices = [
    {"name": d.name, "type": d.device_type, **tf.config.experimental.get_device_details(d)}
    for d in tf.config.list_physical_devices()
]
from automl.deep.training import device
policy = device.prepare()
print(json.dumps({"devices": devices, "name": policy.name, "precision": policy.precision,
                  "n_accelerators": policy.n_accelerators, "compiled": sorted(policy.compiled),
                  "float32": sorted({"mlp", "cnn", "rnn", "transformer"} - set(policy.mixed)),
                  "dispatch_seconds": policy.dispatch_seconds, "replicas": list(policy.replicas),
                  "reasons": list(policy.reasons)}, default=str))
"""
PROBE_SECONDS = 120


def validate(recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="A YAML file.")]) -> None:
    """Check RECIPE and the columns that it names without running it; print each problem with file, line and a hint."""
    from automl.flow.data_header import problems_of

    problems, checked = problems_of(recipe)
    for problem in problems:
        terminal.err(printable(problem))
    if problems:
        raise typer.Exit(2)
    terminal.out(printable(f"{recipe}: valid{f'; {checked}' if checked else ''}"), needed=False)


def schema(
    out: Annotated[str | None, typer.Option(help="File to write; standard output without it.")] = None,
    result: Annotated[bool, typer.Option("--result", help="Write the schema of result.json.")] = False,
) -> None:
    """Write the JSON schema of a recipe, or of a run's result.json."""
    if result:
        from automl.report.result_fields import result_schema as schema_of
    else:
        from automl.recipe import schema as schema_of

    text = jsons.dumps(schema_of(), indent=2) + "\n"
    if out is None:
        terminal.out_json(text.rstrip("\n"))
    else:
        from automl.storage.files import write_text

        write_text(out, text)


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Print the libraries, devices, memory and disk there are, and how networks would be trained."""
    state = {"libraries": libraries(), "machine": machine(), "training": training()}
    if json:
        terminal.out_json(jsons.dumps(state, indent=2))
    else:
        terminal.out("\n".join(map(printable, lines(state))))
    if "problem" in state["training"]:
        raise typer.Exit(1)


def libraries() -> dict[str, str | None]:
    """Version of each distribution; None if it is missing."""
    from importlib import metadata

    versions: dict[str, str | None] = {"python": sys.version.split()[0]}
    for name in LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def machine() -> dict[str, Any]:
    """Operating system, cores, and memory and disk in GiB."""
    import os
    import platform
    import shutil

    import psutil

    from automl.system.resources import usable_cores

    memory = psutil.virtual_memory()
    try:
        free_disk_gib = round(shutil.disk_usage(os.curdir).free / 2**30, 1)
    except OSError:  # the current folder was removed
        free_disk_gib = None
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": usable_cores(),
        "memory_gib": round(memory.total / 2**30, 1),
        "free_memory_gib": round(memory.available / 2**30, 1),
        "free_disk_gib": free_disk_gib,
    }


def training() -> dict[str, Any]:
    """Devices and the policy for them, determined in a process of its own; "problem" if that failed."""
    import os
    import subprocess

    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3")}
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROBE], capture_output=True, text=True, timeout=PROBE_SECONDS, env=environment
        )
    except subprocess.TimeoutExpired:
        return {"problem": f"TensorFlow did not load within {PROBE_SECONDS} s; reinstall it"}
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        how = f"exit code {done.returncode}" if done.returncode > 0 else f"signal {-done.returncode}"
        return {"problem": f"TensorFlow does not load ({said[-1] if said else how}); reinstall tensorflow and keras"}
    answer: dict[str, Any] = jsons.loads(done.stdout.strip().splitlines()[-1])
    return answer


def lines(state: dict[str, Any]) -> list[str]:
    """The output of `doctor` as text."""
    here, training = state["machine"], state["training"]
    text = [f"{name:<14} {version or 'missing: pip install ' + name}" for name, version in state["libraries"].items()]
    text += [
        "",
        f"{here['system']}, {here['cores']} cores, {here['free_memory_gib']} of {here['memory_gib']} GiB memory free, "
        f"{'no' if here['free_disk_gib'] is None else here['free_disk_gib']} GiB disk free",
        "",
    ]
    if "problem" in training:
        return [*text, training["problem"]]
    text += [f"{device['type']} {device['name']}" for device in training["devices"]]
    return [*text, *policy(training), *training["reasons"]]


def policy(training: dict[str, Any]) -> list[str]:
    """The choices of the device policy in a few lines."""
    mixed = training["precision"] != "float32" and training["float32"]
    apart = f" ({', '.join(training['float32'])} in float32)" if mixed else ""
    return [
        f"networks train on {training['name']} in {training['precision']}{apart}:",
        f"GPUs: {training['n_accelerators']}; XLA: {', '.join(training['compiled']) or 'off'}; "
        f"a dispatch: up to {training['dispatch_seconds']:g} s; "
        f"a trial: one device{' or ' + ', '.join(training['replicas']) if training['replicas'] else ''}",
    ]
