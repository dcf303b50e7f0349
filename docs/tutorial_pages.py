"""Pages of the tutorials, made from the executed notebooks when the site is built: a MkDocs hook (`on_files`).

    python docs/tutorial_pages.py            # executes all notebooks anew, about a minute each
    python docs/tutorial_pages.py table      # one of them

Executing needs the extra ``notebooks`` (nbclient, ipykernel). Tests run the same cells with smaller budgets.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TUTORIALS = Path(__file__).resolve().parent / "tutorials"
SECONDS = 600
WIDTH = 100


def on_files(files: Any, config: Any) -> Any:
    """Add a page for each notebook to the site; the notebook itself is served beside it."""
    from mkdocs.structure.files import File

    for path in sorted(TUTORIALS.glob("*.ipynb")):
        files.append(File.generated(config, f"tutorials/{path.stem}.md", content=page(path)))
    return files


def page(path: Path) -> str:
    """A notebook as Markdown: its text, its code and what the code printed."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    parts = []
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        parts += [text for output in cell["outputs"] if (text := shown(output))]
    head, *rest = parts
    note = f"[The notebook]({path.name}) runs from top to bottom; so do its cells in the tests, with smaller budgets."
    return "\n\n".join([head, note, *rest]) + "\n"


def shown(output: Mapping[str, Any]) -> str:
    """What a cell printed or returned: frames as tables, all else as text; nothing of standard error."""
    if output["output_type"] == "stream":
        return block(output["text"]) if output["name"] == "stdout" else ""
    data = output.get("data", {})
    html = "".join(data.get("text/html", ""))
    if 'class="dataframe"' in html:
        return re.sub(r"<style.*?</style>| border=.1.", "", html, flags=re.DOTALL).replace("\n", "")
    return block(data["text/plain"]) if "text/plain" in data else ""


def block(text: str | Sequence[str]) -> str:
    """Text as it was printed."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "".join(text)).rstrip()
    words = "\n".join(textwrap.fill(line, WIDTH) if len(line) > WIDTH else line for line in plain.splitlines())
    return f"```text\n{words}\n```" if words else ""


def execute(path: Path) -> None:
    """Run a notebook in a folder of its own and keep what it shows."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": folder}}).execute()
        text = nbformat.writes(notebook).replace(os.path.realpath(folder), ".").replace(folder, ".")
    content = json.loads(text)
    for cell in content["cells"]:
        cell["metadata"] = {}
        if "outputs" in cell:  # what libraries say of the machine is no part of the tutorial
            cell["outputs"] = [output for output in cell["outputs"] if output.get("name") != "stderr"]
    content["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(names: Sequence[str]) -> None:
    """Execute the notebooks of these names, or all."""
    for path in sorted(TUTORIALS.glob("*.ipynb")):
        if not names or path.stem in names:
            print(path.stem, flush=True)
            execute(path)


if __name__ == "__main__":
    main(sys.argv[1:])
