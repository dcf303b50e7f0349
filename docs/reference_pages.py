"""Pages of the reference that are made from the code when the site is built: a MkDocs hook (`on_files`).

Recipe keys come from the recipe's schema, the command line from typer, fields of ``result.json`` from its schema, and
templates, baselines and metrics from the catalog, with the settings that they declare on small example inputs. The
Python interface is left to mkdocstrings (``reference/python.md``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

REPOSITORY_SETS = "shown on small example inputs; a table, picture or series of yours may have more or fewer"


def on_files(files: Any, config: Any) -> Any:
    """Add the generated pages to the site."""
    from mkdocs.structure.files import File

    for name, page in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=page()))
    return files


# --------------------------------------------------------------------------- recipe keys


def recipe_page() -> str:
    """Every key of a recipe with its meaning, what it takes, its default and an example."""
    from automl.recipe.schema import EXAMPLES, EXPECTED, INNER_KEYS, schema

    content = schema()
    lines = [
        "# Recipe keys",
        "",
        "A recipe is a YAML file for `automl run`. Each key is also a flag of `automl fit` and `automl "
        "run` (`--time-column`) "
        "and an argument of `automl.fit` (`time_column=`). The machine-readable form is "
        "[recipe.schema.json](../recipe.schema.json), printed by `automl schema`; editors complete keys with it.",
        "",
    ]
    for key, field in content["properties"].items():
        lines += _key(key, key, field, EXPECTED, EXAMPLES)
        if key in INNER_KEYS:
            inner = content["$defs"][field["$ref"].rpartition("/")[2] if "$ref" in field else _referred(field)]
            for name, sub in inner["properties"].items():
                lines += _key(f"{key}.{name}", name, sub, EXPECTED, EXAMPLES)
    return "\n".join(lines)


def _referred(field: Mapping[str, Any]) -> str:
    """Name of the definition that a field refers to."""
    parts = field.get("allOf") or field.get("anyOf") or []
    return next(str(part["$ref"]).rpartition("/")[2] for part in parts if "$ref" in part)


def _key(
    path: str, name: str, field: Mapping[str, Any], expected: Mapping[str, str], examples: Mapping[str, Any]
) -> list[str]:
    import yaml

    outer = path.rpartition(".")[0]
    value: Any = {name: examples[path]}
    text = yaml.safe_dump({outer: value} if outer else value, sort_keys=False, allow_unicode=True).rstrip()
    default = field.get("default")
    shown = (
        "" if default is None or default == [] or isinstance(default, dict) else f" Default: `{json.dumps(default)}`."
    )
    takes = expected[path]
    return [
        f"{'###' if outer else '##'} `{path}`", "", f"{_plain(field['description'])} Takes {takes}.{shown}", "",
        "```yaml", text, "```", "",
    ]  # fmt: skip


# --------------------------------------------------------------------------- command line


def command_page() -> str:
    """Every command with its arguments and flags, as typer knows them."""
    import typer

    from automl.cli.app import app

    group = typer.main.get_command(app)
    context = typer.Context(group, info_name="automl")
    lines = [
        "# Command line",
        "",
        "`automl COMMAND --help` prints the same. A flag that stands for a key of the recipe has the key's name.",
        "",
    ]
    for name in group.list_commands(context):  # type: ignore[attr-defined]
        command = group.get_command(context, name)  # type: ignore[attr-defined]
        lines += _command(name, command, typer.Context(command, info_name=f"automl {name}", parent=context))
    return "\n".join(lines)


def _command(name: str, command: Any, context: Any) -> list[str]:
    words = " ".join(command.collect_usage_pieces(context))
    lines = [f"## `automl {name}`", "", _plain(command.help or ""), "", "```text", f"automl {name} {words}", "```", ""]
    rows = [record for record in (param.get_help_record(context) for param in command.params) if record]
    if rows:
        lines += _table(("argument or flag", "meaning"), ((f"`{flag}`", _plain(words)) for flag, words in rows))
    return lines


# --------------------------------------------------------------------------- result.json


def result_page() -> str:
    """Every field of ``result.json`` with its type and meaning."""
    from automl.report.result_fields import result_schema

    content = result_schema()
    lines = [
        "# Fields of result.json",
        "",
        "Made from [result.schema.json](../result.schema.json); [result.json](../result.md) tells how to read it.",
        "",
        *_fields(content["properties"]),
    ]
    for name, part in content["$defs"].items():
        lines += [f"## {name}", "", _plain(part.get("description", "")), "", *_fields(part.get("properties", {}))]
    return "\n".join(lines)


def _fields(properties: Mapping[str, Any]) -> list[str]:
    rows = ((f"`{name}`", _type(field), _plain(field.get("description", ""))) for name, field in properties.items())
    return _table(("field", "type", "meaning"), rows)


def _type(field: Mapping[str, Any]) -> str:
    """A field's type in words."""
    if "$ref" in field:
        name = str(field["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in field:
        return ", ".join(f"`{json.dumps(value)}`" for value in field["enum"])
    for many in ("anyOf", "allOf", "oneOf"):
        if many in field:
            return " or ".join(_type(part) for part in field[many])
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}" if field.get("items") else "list"
    return str(field.get("type", "any"))


# --------------------------------------------------------------------------- members


class SpaceReader:
    """Stands for KerasTuner's HyperParameters, and notes what a template declares.

    `Fixed`, `Choice`, `Boolean`, `Int` and `Float` return the default, as in the first trial.
    """

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []

    def Choice(self, name: str, values: Sequence[Any], default: Any = None, **_: Any) -> Any:  # noqa: N802
        """One of several values."""
        start = values[0] if default is None else default
        self._note(name, ", ".join(map(_number, values)), start)
        return start

    def Boolean(self, name: str, default: bool = False, **_: Any) -> bool:  # noqa: N802
        """Yes or no."""
        self._note(name, "yes, no", "yes" if default else "no")
        return default

    def Int(  # noqa: N802
        self, name: str, min_value: int, max_value: int, step: int = 1, default: Any = None, **_: Any
    ) -> int:
        """A whole number."""
        start = min_value if default is None else int(default)
        steps = f" in steps of {step}" if step not in (None, 1) else ""
        self._note(name, f"{min_value} to {max_value}{steps}", start)
        return start

    def Float(  # noqa: N802
        self, name: str, min_value: float, max_value: float, sampling: Any = None, default: Any = None, **_: Any
    ) -> float:
        """A number."""
        start = min_value if default is None else float(default)
        scale = " (logarithmic)" if sampling == "log" else ""
        self._note(name, f"{_number(min_value)} to {_number(max_value)}{scale}", start)
        return start

    def Fixed(self, name: str, value: Any, **_: Any) -> Any:  # noqa: N802
        """A value that is not searched."""
        self._note(name, "fixed", value)
        return value

    def _note(self, name: str, values: str, start: Any) -> None:
        if name not in {row[0] for row in self.rows}:
            self.rows.append((name, values, _number(start)))


def template_page() -> str:
    """Every deep template: what it is for, its source and its search space."""
    from automl import catalog, testing
    from automl.records import Template

    lines = [
        "# Deep templates",
        "",
        f"The networks that are searched. Spaces are {REPOSITORY_SETS}. The column *start* is the "
        f"default of the space. "
        "[How to add one](../contributing/template.md).",
        "",
    ]
    for name, template in sorted(catalog.members(Template, "automl.templates").items()):
        goal = template.goals[0]
        specs = testing.examples.example_specs(template.accepts, goal)
        reader = SpaceReader()
        template.space(reader, specs, testing.examples.example_facts(goal))
        words = f"{template.title or name}. Family: {template.family}. Goals: {', '.join(template.goals)}."
        lines += [
            f"## `{name}`", "", f"{words} Reads: {', '.join(template.accepts)}.", "",
            f"Source: {_plain(template.source)}.", "", *_table(("setting", "values", "start"), reader.rows),
        ]  # fmt: skip
    return "\n".join(lines)


def baseline_page() -> str:
    """Every shallow family, by modality: goals, tier and source."""
    from automl import catalog
    from automl.records import Baseline

    by_modality: dict[str, list[tuple[str, ...]]] = {}
    for name, baseline in sorted(catalog.members(Baseline, "automl.baselines").items()):
        row = (f"`{name}`", baseline.title or name, baseline.tier, ", ".join(baseline.goals), _plain(baseline.source))
        by_modality.setdefault(baseline.modality, []).append(row)
    lines = [
        "# Shallow families",
        "",
        "The opponents of the networks: the *floor* uses no inputs, *fast* families are tried first, "
        "*strong* ones after them. "
        "[How to add one](../contributing/baseline.md).",
        "",
    ]
    for modality, rows in sorted(by_modality.items()):
        lines += [f"## {modality}", "", *_table(("name", "what it is", "tier", "goals", "source"), rows)]
    return "\n".join(lines)


def metric_page() -> str:
    """Every metric: goals, direction, best score and meaning."""
    from automl.metrics import METRICS

    lines = [
        "# Metrics",
        "",
        "`metric` names the one that decides; the report shows the others too. [How to add "
        "one](../contributing/metric.md).",
        "",
    ]
    rows = (
        (
            f"`{metric.name}`", metric.words or metric.name, ", ".join(metric.goals),
            "higher" if metric.higher_is_better else "lower", _number(metric.best), _plain(metric.meaning),
        )
        for metric in sorted(METRICS.values(), key=lambda metric: metric.name)
    )  # fmt: skip
    return "\n".join([*lines, *_table(("name", "in words", "goals", "better", "perfect", "meaning"), rows)])


# --------------------------------------------------------------------------- Markdown


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return [*lines, ""]


def _plain(words: str) -> str:
    """Words on one line, with nothing that Markdown would read as a tag."""
    return " ".join(words.split()).replace("<", "&lt;")


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


PAGES: Mapping[str, Callable[[], str]] = {
    "recipe": recipe_page,
    "command_line": command_page,
    "result_fields": result_page,
    "templates": template_page,
    "baselines": baseline_page,
    "metrics": metric_page,
}
