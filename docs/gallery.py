"""The gallery: reports of all recipes and of real sets that ship with automl or scikit-learn; also a MkDocs hook.

    python docs/gallery.py                       # runs every contest, about a minute each, and keeps its report
    python docs/gallery.py quickstart wine       # some of them

Reports go to ``docs/gallery/NAME.html`` (not kept in the repository: they are large and are made anew for each site),
their figures to ``docs/gallery/gallery.json``, from which the page of the gallery is made (`on_files`).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "gallery"
FIGURES = FOLDER / "gallery.json"
RECIPES = HERE.parent / "recipes"
SETS = {
    "iris": ["sklearn:iris"],
    "wine": ["sklearn:wine"],
    "digits_as_a_table": ["sklearn:digits"],
    "digits_as_pictures": ["sklearn:digits_images"],
    "diabetes": ["sklearn:diabetes"],
    "linnerud": ["sklearn:linnerud"],
    "breast_cancer": ["sklearn:breast_cancer"],
    "election": ["automl:election", "--target", "vote"],
    "novels": ["automl:novels", "--target", "novel"],
    "co2": ["automl:co2", "--target", "co2"],
}
"""Real sets and what `automl fit` is given beside a budget."""
BUDGET = "45s"


def contests() -> Iterator[tuple[str, str, list[str]]]:
    """Name, kind and command of each contest."""
    for path in sorted(RECIPES.glob("*.yaml")):
        yield path.stem, "recipe", ["run", str(path)]
    for name, arguments in SETS.items():
        yield name, "set", ["fit", *arguments, "--budget", BUDGET, "--seed", "0"]


def made(name: str, kind: str, command: Sequence[str]) -> dict[str, Any]:
    """Run one contest, keep its report, and return its figures."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        subprocess.run([sys.executable, "-m", "automl", *command, "--quiet", "--out", str(out)], check=True)
        result = json.loads((out / "result.json").read_text(encoding="utf-8"))
        FOLDER.mkdir(exist_ok=True)
        shutil.copyfile(out / "report.html", FOLDER / f"{name}.html")
    split, task = result["split"], result["task"]
    return {
        "name": name, "kind": kind, "modality": task["modality"], "goal": task["goal"], "metric": task["metric"],
        "n_train": split["n_train"], "n_test": split["n_test"], "verdict": result["verdict"],
        "reason": result["reason"], "recommended": result["recommended"], "trust": result["trust"]["level"],
        "scores": {run["side"]: run["test_score"] for run in result["runs"] if run["test_score"] is not None},
        "seconds": round(result["wall_seconds"]),
    }  # fmt: skip


def on_files(files: Any, config: Any) -> Any:
    """Add the page of the gallery to the site."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, "gallery/index.md", content=page()))
    return files


def page() -> str:
    """The gallery as Markdown: one line a contest, with a link to its report where the report was made."""
    entries = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else []
    lines = [
        "# Gallery", "",
        "Contests of all recipes and of ten real sets, each on a shared machine with two cores and no GPU. Scores are "
        "those of the test rows. `python docs/gallery.py` runs them again and makes the reports.", "",
    ]  # fmt: skip
    for kind, title in (("recipe", "Recipes"), ("set", "Real sets")):
        lines += [
            f"## {title}", "", "| contest | data | metric | deep | shallow | floor | verdict | use | trust | s |",
            "|---|---|---|---|---|---|---|---|---|---|",
        ]  # fmt: skip
        lines += [row(entry) for entry in entries if entry["kind"] == kind]
        lines.append("")
    return "\n".join(lines)


def row(entry: dict[str, Any]) -> str:
    """One contest as a line of the table."""
    name = re.sub("_", " ", entry["name"])
    link = f"[{name}]({entry['name']}.html)" if (FOLDER / f"{entry['name']}.html").exists() else name
    scores = [entry["scores"].get(side) for side in ("deep", "shallow", "floor")]
    verdict = f"{entry['verdict'] or 'none'} ({entry['reason'].replace('_', ' ')})"
    cells = [
        link, f"{entry['modality']}, {entry['goal']}, {entry['n_train']} + {entry['n_test']}", entry["metric"],
        *("" if score is None else f"{score:.3f}" for score in scores), verdict, entry["recommended"] or "",
        entry["trust"], str(entry["seconds"]),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main(names: Sequence[str]) -> None:
    """Run the contests of these names, or all, and keep their figures after each."""
    known = (
        {entry["name"]: entry for entry in json.loads(FIGURES.read_text(encoding="utf-8"))} if FIGURES.exists() else {}
    )
    order = list(contests())
    if unknown := set(names) - {name for name, _, _ in order}:
        sys.exit(f"no contest of the gallery: {', '.join(sorted(unknown))}; there are {', '.join(c[0] for c in order)}")
    for name, kind, command in order:
        if not names or name in names:
            print(name, flush=True)
            known[name] = made(name, kind, command)
            kept = [known[entry[0]] for entry in order if entry[0] in known]
            FIGURES.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
