"""A model card and a checklist for papers, filled with what a run knows; blank where a person must answer.

Both are Markdown, made from ``result.json`` alone, so they hold no row of the data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from automl import goals, modalities
from automl.report import words

__all__ = ["BLANK", "model_card", "reforms"]

BLANK = "*To be answered by a person.*"
CLASSIFIED = {"rows": "tabular", "text": "text", "images": "image", "sounds": "audio"}
"""Items → the Hub's name of them, where it has one of their classification."""
HARD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|[\\`*_{}\[\]<>#|!]")


def _plain(text: Any, most: int = 300) -> str:
    """User text in one line of Markdown, where no character of it is markup."""
    line = " ".join(words.visible(str(text)).split())[:most]
    return HARD.sub(lambda found: f"\\{found[0]}" if found[0].isprintable() else " ", line)


def _finalists(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [run for run in result["runs"] if run.get("test_score") is not None]


def _header(result: Mapping[str, Any], name: str) -> str:
    """The YAML at the top of the card: the metadata of the Hugging Face Hub, with `model-index`.

    Source: https://huggingface.co/docs/hub/model-cards and ``modelcard.md`` of huggingface/hub-docs.
    """
    task = result["task"]
    kind = _kind_of(task["modality"], task["goal"])
    recommended = next((run for run in result["runs"] if run["name"] == result.get("recommended")), None)
    library = "keras" if recommended is not None and recommended["side"] == "deep" else "sklearn"
    results = [
        {
            "task": {"type": kind, "name": task["goal"]},
            "dataset": {"type": "local", "name": name, "split": "test"},
            "metrics": [{"type": task["metric"], "value": run["test_score"], "name": f"{run['side']}: {run['name']}"}],
        }
        for run in _finalists(result)
    ]
    content = {
        "library_name": library,
        "tags": ["automl", task["modality"], task["goal"]],
        **({} if kind == "other" else {"pipeline_tag": kind}),
        "metrics": [task["metric"]],
        "model-index": [{"name": name, "results": results}],
    }
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{text}---\n"


def _kind_of(modality: str, goal: str) -> str:
    """The Hub's name of a task; "other" for what it has no name for, and for parts of plug-ins that are not there."""
    known, items = goals.known().get(goal), modalities.known().get(modality)
    if known is None or items is None:
        return "other"
    if known.in_windows:
        return "time-series-forecasting"
    if known.learns_classes and items.items in CLASSIFIED:
        return f"{CLASSIFIED[items.items]}-classification"
    return "tabular-regression" if known.is_numeric and items.is_table else "other"


def _table(columns: list[str], rows: list[list[Any]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join([*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)])


def _scores(result: Mapping[str, Any]) -> str:
    rows = [
        [run["side"], _plain(run["name"]), words.score(run["test_score"]), words.duration(run.get("fit_seconds")),
         "" if run.get("predict_ms") is None else words.number(run["predict_ms"], 3),
         "" if run.get("size_mib") is None else words.number(run["size_mib"], 3)]
        for run in _finalists(result)
    ]  # fmt: skip
    return _table(["side", "model", f"test {words.metric(result['task']['metric'])}", "fit", "ms a row", "MiB"], rows)


def _verdict(result: Mapping[str, Any]) -> str:
    if result["verdict"] is None:
        return "There is no verdict without labels."
    text = f"Verdict: {result['verdict']} ({result['reason'].replace('_', ' ')})."
    if result.get("gain") is not None and result.get("interval"):
        low, high = result["interval"]
        level = words.percent(result["level"])
        text += f" Lead of the deep side: {words.signed(result['gain'])} ({level} interval {words.signed(low)} to "
        text += f"{words.signed(high)})."
    return f"{text} {_plain(result.get('why') or '')}".rstrip()


def _findings(result: Mapping[str, Any]) -> str:
    found = [f"- {one['severity']}: {_plain(one['message'])}" for one in result["findings"]]
    return "\n".join(found) or "No finding."


def _columns(result: Mapping[str, Any]) -> str:
    rows = [[_plain(one["name"], 80), one["kind"]] for one in result["columns"][:100]]
    more = len(result["columns"]) - len(rows)
    return _table(["column", "kind"], rows) + (f"\n\nand {more} more" if more else "")


def _analyses(result: Mapping[str, Any]) -> str:
    made = ", ".join(sorted(name.replace("_", " ") for name in result.get("tradeoff") or {}))
    return f"Measured after the verdict, in the run's report: {made}." if made else "Nothing was measured further."


def model_card(result: Mapping[str, Any], name: str) -> str:
    """The card of the recommended model and its opponents, as Markdown with the header of the Hugging Face Hub.

    Args:
        result: content of ``result.json``.
        name: of the data.

    Source: Mitchell et al., "Model Cards for Model Reporting", FAT* 2019, whose sections it has.
    """
    task, split = result["task"], result["split"]
    target = ", ".join(_plain(one, 80) for one in task["target"]) or "none"
    return f"""{_header(result, name)}
# {_plain(name, 80)}: {task["goal"]}

## Model details

- Recommended: {_plain(result.get("recommended"))}, made by automl {result["automl_version"]}.
- Task: {task["modality"]}, {task["goal"]}, target {target}, scored by {words.metric_in_full(task["metric"])}.
- {_verdict(result)}
- Date: {result.get("started") or BLANK}
- Licence, owner and contact: {BLANK}

## Intended use

- Uses and users that the model is made for: {BLANK}
- Uses that it is not made for: {BLANK}

## Factors

- Groups, instruments and surroundings that may matter: {BLANK}

## Metrics

{_scores(result)}

## Evaluation data

- {split["n_test"]} test rows; {_plain(split["rule"])}
- Why these data are the right ones: {BLANK}

## Training data

- {split["n_train"]} training and {split["n_valid"]} validation rows.
- Digest of the content: {result.get("fingerprint") or "not known"}.

{_columns(result)}

## Quantitative analyses

{_analyses(result)}

## Ethical considerations

{BLANK}

## Caveats and recommendations

Trust in this result: {(result.get("trust") or {}).get("level", "not known")}.

{_findings(result)}
"""


def reforms(result: Mapping[str, Any], name: str) -> str:
    """The REFORMS checklist with what a run knows; the items are given in short words.

    Args:
        result: content of ``result.json``.
        name: of the data.

    Source: Kapoor et al., "REFORMS: Consensus-based Recommendations for Machine-learning-based Science", Science
    Advances 10 (2024), eadk3452, Table 1: 32 items in eight modules.
    """
    task, split, machine = result["task"], result["split"], result.get("machine") or {}
    leaks = [one for one in result["findings"] if any(word in one["check"] for word in ("leak", "copies", "duplicate"))]
    dependent = "; ".join(_plain(one["message"]) for one in leaks) or "the audit found none"
    versions = ", ".join(f"{key} {value}" for key, value in (result.get("versions") or {}).items())
    sizes = f"{split['n_train']} / {split['n_valid']} / {split['n_test']}"
    n_rows = split["n_train"] + split["n_valid"] + split["n_test"]
    families = sorted({str(run.get("family") or run["name"]) for run in result["runs"] if run["side"] != "blend"})
    computer = ", ".join(f"{key}: {value}" for key, value in machine.items())
    modules: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
        ("Study goals", (
            ("1a", "Population of the claim", BLANK), ("1b", "Why this population", BLANK),
            ("1c", "Why machine learning", BLANK),
        )),
        ("Computational reproducibility", (
            ("2a", "Data", f"{_plain(name, 80)}, digest {result.get('fingerprint') or 'not known'}; a link: {BLANK}"),
            ("2b", "Code", f"automl {result['automl_version']}; {versions}"),
            ("2c", "Infrastructure", computer or BLANK),
            ("2d", "Instructions", "the run's report, part Reproduce"),
            ("2e", "Script", "recipe.yaml of the run folder: automl run recipe.yaml"),
        )),
        ("Data quality", (
            ("3a", "Sources and labels", BLANK), ("3b", "Sampling frame", BLANK), ("3c", "Why the data suit", BLANK),
            ("3d", "Outcome", f"{', '.join(_plain(one, 80) for one in task['target'])} ({task['goal']})"),
            ("3e", "Sample size", f"{n_rows} rows"),
            ("3f", "Missing data", "in the report, part Data"), ("3g", "Representative of the population", BLANK),
        )),
        ("Data preprocessing", (
            ("4a", "Excluded data", "; ".join(
                _plain(one["message"]) for one in result["findings"] if "drop" in one["check"]) or "none by automl"),
            ("4b", "Impossible or corrupt samples", "findings of the audit in the report, part Data"),
            ("4c", "Transformations", "encoders fitted on training rows; see docs/design.md of automl"),
        )),
        ("Modelling", (
            ("5a", "Models", f"families {', '.join(map(_plain, families))}; finalists in the report"),
            ("5b", "Why these models", "deep templates and shallow opponents by the contest's protocol"),
            ("5c", "Evaluation", f"{_plain(split['rule'])} ({sizes})"),
            ("5d", "Model selection", "by validation rows; the champion is named before test rows are scored"),
            ("5e", "Hyperparameters", "KerasTuner and random search on equal time; trials in the report"),
            ("5f", "Baselines", "tuned scikit-learn models and a floor on the same rows and time"),
        )),
        ("Data leakage", (
            ("6a", "Separation of test rows", "the split comes first; no encoder, search or stopping sees test rows"),
            ("6b", "Dependence between training and test", dependent),
            ("6c", "Legitimacy of each input", BLANK),
        )),
        ("Metrics and uncertainty", (
            ("7a", "Metrics", words.metric(task["metric"]) + "; others in the report"),
            ("7b", "Uncertainty", _verdict(result)),
            ("7c", "Tests", "paired bootstrap over test units and seeds; an exact paired test where units are few"),
        )),
        ("Generalisability and limitations", (
            ("8a", "External validity", BLANK), ("8b", "Where it should not be expected to hold", BLANK),
        )),
    )  # fmt: skip
    parts = [f"# REFORMS checklist: {_plain(name, 80)}", "After Kapoor et al. 2024; items in short words."]
    for title, items in modules:
        parts += [f"## {title}", _table(["item", "what", "answer"], [list(item) for item in items])]
    return "\n\n".join(parts) + "\n"
