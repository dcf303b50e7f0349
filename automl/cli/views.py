"""The commands `automl inspect`, `predict`, `sample`, `report`, `analyse`, `compare`: data, models and pages."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from automl.cli.flags import (
    Columns,
    Condition,
    Contamination,
    Data,
    Dims,
    Drop,
    Goal,
    Group,
    Horizon,
    Known,
    Label,
    Metric,
    Normal,
    Plugins,
    Quiet,
    Season,
    Series,
    Target,
    Test,
    TimeColumn,
    Void,
    Weight,
    given,
    words,
)
from automl.errors import RecipeError
from automl.system import terminal
from automl.system.counts import counted
from automl.system.printable import printable

if TYPE_CHECKING:
    from automl.api import Inspection

__all__ = ["analyse", "card", "compare", "inspect", "predict", "report", "sample"]

OnOdd = Annotated[
    str | None,
    typer.Option(
        help="Where NEW differs from the training rows: warn, ignore or refuse. By default warn, but refuse where more "
        "than a fifth of a column cannot be read."
    ),
]
FORMATS = (".csv", ".tsv", ".parquet", ".feather", ".jsonl")


def inspect(
    data: Data,
    target: Target = None,
    goal: Goal = None,
    label: Label = None,
    normal: Normal = None,
    contamination: Contamination = None,
    dims: Dims = None,
    void: Void = None,
    condition: Condition = None,
    metric: Metric = None,
    test: Test = None,
    time_column: TimeColumn = None,
    series: Series = None,
    horizon: Horizon = None,
    season: Season = None,
    known: Known = None,
    group: Group = None,
    weight: Weight = None,
    columns: Columns = None,
    drop: Drop = None,
) -> None:
    """Print what automl detects in DATA: modality, goal, metric and each column's kind, with evidence."""
    from automl import api

    flags = {
        "goal": goal,
        "label": label,
        "normal": normal,
        "contamination": contamination,
        "dims": dims,
        "void": void,
        "condition": condition,
        "metric": metric,
        "test": test,
        "time_column": time_column,
        "series": series,
        "horizon": horizon,
        "season": season,
        "known": words(known),
        "group": group,
        "weight": weight,
        "columns": columns,
        "drop": drop or None,
        "source": "automl inspect",
    }
    seen = api.inspect(data, target=target or None, **given(flags))
    if sys.stdout.isatty():
        show(seen)
    else:
        terminal.out(str(seen))


def show(seen: Inspection) -> None:
    """Print an inspection as a table with its findings below, most severe first."""
    from rich.table import Table

    from automl.report.findings import COLOURS, column_text, finding_text, one_line

    console = terminal.console()
    name, rest = seen.headline_text
    console.print(terminal.styled(name, "bold", f":{rest}"))
    for sentence in seen.doubts:
        console.print(terminal.styled(f"  {sentence}", "yellow", ""))
    for sentence in seen.reasons:
        console.print(f"  {sentence}")
    if seen.columns:
        table = Table("column", "kind", "sure", "because", header_style="bold")
        for column in seen.columns:
            table.add_row(column_text(column.name), column.kind, f"{column.confidence:.0%}", one_line(column.evidence))
        console.print(table)
    for finding in seen.findings:
        if finding.check == "unsure_goal":
            continue
        severity, rest = finding_text(finding, seen.interface).split(":", 1)
        console.print(terminal.styled(severity, COLOURS[severity], f":{rest}"))


def predict(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A saved model, or a run folder.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="New rows, in any form that fit takes.")],
    out: Annotated[
        str | None, typer.Option(help="File to write: .csv, .tsv, .parquet, .feather or .jsonl; of masks a new folder.")
    ] = None,
    side: Annotated[
        str | None,
        typer.Option(help="deep, shallow, blend or floor, as far as MODEL has it; default the recommended one."),
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Probabilities of each class instead of labels.")] = False,
    interval: Annotated[
        float | None,
        typer.Option(metavar="LEVEL", help="Numbers with an interval that holds the true one so often, such as 0.9."),
    ] = None,
    set_: Annotated[
        float | None,
        typer.Option("--set", metavar="LEVEL", help="Sets of classes that hold the true one so often, such as 0.9."),
    ] = None,
    plugins: Plugins = None,
    on_odd: OnOdd = None,
    future: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Of a forecast, the covariates known beforehand of the steps to predict."),
    ] = None,
    pretrained: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Where the backbone of MODEL lies now, if not where it lay.")
    ] = None,
) -> None:
    """Predict NEW rows with a saved MODEL; what is odd about the rows goes to standard error."""
    from automl import api, goals
    from automl.predict.written_masks import check_mask_folder, write_masks
    from automl.report.findings import finding_text, gravest_first

    if out is not None and Path(out).suffix and Path(out).suffix.lower() not in FORMATS:
        raise RecipeError(f"--out: expected a name ending in one of {', '.join(FORMATS)}, got {out!r}")
    if sum((proba, interval is not None, set_ is not None)) > 1:
        raise RecipeError("--proba, --interval and --set: expected one of them, got several; run one after another")
    loaded = api.load(model, words(plugins) or (), **given({"pretrained": pretrained}))
    chosen = loaded if side is None else loaded.side(side)
    is_masks = goals.named(chosen.task).in_pixels
    if is_masks:
        folder = check_mask_folder(out)
    elif out is not None and Path(out).suffix.lower() not in FORMATS:
        raise RecipeError(f"--out: expected a name ending in one of {', '.join(FORMATS)}, got {out!r}")
    asked: dict[str, Any] = given({"on_odd": on_odd, "future": future})
    rows = chosen.read(new, **asked)
    for finding in () if on_odd == "ignore" else gravest_first(rows.findings):
        terminal.err(finding_text(finding))
    if is_masks and not (proba or interval is not None or set_ is not None):
        predicted: Any = chosen.predict(rows)
        n_written = write_masks(predicted, folder)
        terminal.err(printable(f"{counted(n_written, 'mask')} in {out}"))
        return
    if interval is not None:
        frame = named(chosen.predict_interval(rows, interval))
    elif set_ is not None:
        frame = named(chosen.predict_set(rows, set_))
    else:
        frame = named(chosen.predict_proba(rows) if proba else chosen.predict(rows))
    if out is None:
        terminal.out_data(_with_sets(frame).to_csv(index=False).rstrip("\n"))
    else:
        write(frame, Path(out))
        terminal.err(printable(f"{counted(len(frame), 'prediction')} in {out}"))


def sample(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A saved model of goal generate, or a run folder.")],
    n: Annotated[int, typer.Option("-n", "--rows", metavar="N", help="Number of rows.")] = 1_000,
    out: Annotated[
        str | None,
        typer.Option(
            help="File to write: .csv, .tsv or .parquet; of pictures and series .npz, of pictures also a new folder."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Other rows for another seed.")] = 0,
    side: Annotated[
        str | None, typer.Option(help="deep, shallow or floor, as far as MODEL has it; default the recommended one.")
    ] = None,
    condition: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=VALUE",
            help="Only rows with this value of a column; repeat it for several. VALUE alone is one of the column that "
            "the contest was about.",
        ),
    ] = None,
    plugins: Plugins = None,
) -> None:
    """Make new rows with a saved MODEL that generates them."""
    from automl import api, modalities
    from automl.predict.sampled_items import check_path, write_items
    from automl.predict.sampling import as_mapping, check_numbers, chunks
    from automl.predict.streamed import STREAMED, write_chunks

    check_numbers(n, seed, None)
    loaded = api.load(model, words(plugins) or ())
    chosen = loaded.side(side or loaded.recommended)
    is_item = modalities.named(chosen.task).items in ("images", "series")
    if out is not None:
        check_path(Path(out), is_item, STREAMED)
    elif is_item:
        raise RecipeError("pictures and series need --out: a name ending in .npz, or for pictures a new folder")
    frames = chunks(chosen.predictor, chosen.task, n, seed, as_mapping(_condition(condition), chosen.task))
    if out is not None:
        if is_item:
            write_items(frames, Path(out), chosen.task, n)
        else:
            write_chunks(frames, Path(out))
        terminal.err(printable(f"{counted(n, 'item' if is_item else 'row')} in {out}"))
        return
    for number, frame in enumerate(frames):
        terminal.out_data(frame.to_csv(index=False, header=number == 0).rstrip("\n"))


def _condition(pairs: list[str] | None) -> dict[str, str] | str | None:
    """Columns and values of flags ``COLUMN=VALUE``; a single ``VALUE`` as it is."""
    if pairs and len(pairs) == 1 and pairs[0] and "=" not in pairs[0]:
        return pairs[0]
    parted = [pair.partition("=") for pair in pairs or ()]
    wrong = next((name for name, sign, _ in parted if not sign or not name), None)
    if wrong is not None:
        raise RecipeError(f"--condition: expected COLUMN=VALUE, such as churned=yes, got {wrong!r}")
    return {name: value for name, _, value in parted}


def named(predicted: Any) -> Any:
    """Predictions as a frame; those of a folder with the names of its files."""
    frame = predicted.to_frame() if predicted.ndim == 1 else predicted
    if not all(isinstance(name, str) for name in frame.index):
        return frame
    name = "file"
    while name in frame.columns:
        name += "_"
    frame.insert(0, name, frame.index)
    return frame


def write(frame: Any, path: Path) -> None:
    """Write a frame in the format of the file's suffix; the file is written at once, complete or not at all."""
    import io

    from automl.storage.files import write_bytes

    buffer, suffix = io.BytesIO(), path.suffix.lower()
    try:
        _fill(buffer, frame, suffix)
    except UnicodeError as error:
        raise RecipeError(
            f"names or classes are not valid UTF-8 ({error}), and {suffix} cannot hold them; write .csv, which holds "
            "them as escapes"
        ) from error
    write_bytes(path, buffer.getvalue())


def _fill(buffer: IO[bytes], frame: Any, suffix: str) -> None:
    if suffix == ".parquet":
        frame.to_parquet(buffer, index=False)
    elif suffix == ".feather":
        frame.to_feather(buffer)
    elif suffix == ".jsonl":
        _with_zones(frame).to_json(buffer, orient="records", lines=True, date_format="iso")
    else:
        separator = "\t" if suffix == ".tsv" else ","
        _with_sets(frame).to_csv(buffer, index=False, sep=separator, errors="backslashreplace")


def _with_sets(frame: Any) -> Any:
    """Sets of labels as JSON lists, for formats that hold only text."""
    import json

    def text(cell: Any) -> Any:
        return json.dumps(list(cell), ensure_ascii=False) if isinstance(cell, tuple) else cell

    words = [name for name, dtype in frame.dtypes.items() if dtype.kind == "O"]
    sets = [name for name in words if any(isinstance(cell, tuple) for cell in frame[name])]
    return frame.assign(**{name: frame[name].map(text) for name in sets}) if sets else frame


def _with_zones(frame: Any) -> Any:
    """Timestamps with a zone as ISO texts: JSON would write them in UTC."""
    zoned = [name for name, dtype in frame.dtypes.items() if getattr(dtype, "tz", None) is not None]
    return frame.assign(**{name: [stamp.isoformat() for stamp in frame[name]] for name in zoned}) if zoned else frame


def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run folder.")],
    out: Annotated[str | None, typer.Option(help="File to write: .html, .md or .json.")] = None,
    plugins: Plugins = None,
) -> None:
    """Write the report of RUN again, without its data."""
    from automl import catalog
    from automl import report as reports

    catalog.extend(words(plugins) or ())
    target = None if out is None else Path(out)
    made = reports.render(Path(run), target, sections=reports.known_sections(), poorer=False)
    terminal.out(printable(f"Report: {made}"), needed=False)


def analyse(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run folder.")],
    budget: Annotated[str | None, typer.Option(help="Time for the analyses: 90, 90s, 5m, 2h. Default 5m.")] = None,
    only: Annotated[
        str | None, typer.Option(help="Names of analyses to make again or first, separated by commas.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="Where the data of RUN lie now, if not where they lay.")] = None,
    test: Test = None,
    plugins: Plugins = None,
    quiet: Quiet = False,
) -> None:
    """Measure more of both finalists of RUN, and write its report again; the verdict stays as it is."""
    from automl import api

    asked = given({"budget": budget, "only": words(only), "data": data, "test": test, "plugins": words(plugins)})
    made = api.analyse(run, quiet=quiet or None, **asked)
    for name in made.outcome.analyses:
        terminal.out(f"made: {name}", needed=False)
    for name, reason in made.outcome.analyses_left_out.items():
        terminal.out(printable(f"not made: {name} ({reason})"), needed=False)
    terminal.out(printable(f"Report: {Path(run) / 'report.html'}"), needed=False)


def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Run folders.")],
    out: Annotated[str | None, typer.Option(help="Page to write: .html, .md or .json.")] = None,
) -> None:
    """Compare RUNs: verdicts, leads with their intervals, costs, and what changed between runs of the same data."""
    from automl import api

    found = api.compare(runs, out)
    names = ["data", "verdict", "reason", "deep_score", "shallow_score", "gain_percent", "percent_low", "percent_high"]
    if out is None:
        terminal.out_data(found[names].to_csv(index=False).rstrip("\n"))
    else:
        terminal.out(printable(f"Comparison of {counted(len(found), 'run')}: {out}"), needed=False)


def card(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run folder.")],
    out: Annotated[str | None, typer.Option(help="Markdown file to write; default standard output.")] = None,
    reforms: Annotated[bool, typer.Option("--reforms", help="The REFORMS checklist instead of the card.")] = False,
) -> None:
    """Write the model card of RUN, or a checklist for papers, with what is known and blanks for a person."""
    from automl import report as reports
    from automl.report import model_card
    from automl.storage.files import write_text

    name = reports.read(Path(run))["head"]["name"]
    text = (model_card.reforms if reforms else model_card.model_card)(reports.read_result(Path(run)), name)
    if out is None:
        terminal.out_data(text.rstrip("\n"))
    else:
        terminal.out(printable(f"Card: {write_text(out, text)}"), needed=False)
