"""A stored report that is not as automl wrote it: refused with words, and nothing of it becomes part of the page."""

import copy
import json
import os
import random
import re
from html.parser import HTMLParser

import pytest

from automl import report
from automl.cli.app import main
from automl.errors import FolderError

NAMES = ["binary", "forecast", "text", "image"]
EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>]]>--><svg onload=alert(1)>"
CLOSED = ("mark", "colour", "shape", "kind", "grid", "side", "name", "image", "tone", "sides")


def content_of(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def put(folder, content):
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "report.json").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def sound(written):
    return content_of(written("binary"))


def test_a_sound_report_is_drawn(sound, tmp_path, capsys):
    assert main(["report", str(put(tmp_path, sound))]) == 0
    assert "could not be made" not in (tmp_path / "report.html").read_text(encoding="utf-8")


WITHOUT = [("schema",), ("automl_version",), ("head",), ("sections",), ("head", "name"), ("head", "task"),
           ("head", "metric"), ("sections", 0, "name"), ("sections", 0, "title")]  # fmt: skip
OTHERS = [None, 5, "x", [], {}, [1], True, 1e300, {"a": [None]}]


@pytest.mark.parametrize("path", WITHOUT)
def test_a_part_that_is_missing_or_of_another_kind_is_refused(sound, tmp_path, capsys, path):
    for other in [*OTHERS, "missing"]:
        changed = copy.deepcopy(sound)
        at = changed
        for key in path[:-1]:
            at = at[key]
        if type(other) is type(at[path[-1]]) and other:
            continue
        if other == "missing":
            del at[path[-1]]
        else:
            at[path[-1]] = other
        if isinstance(other, str) and other != "missing" and isinstance(sound, dict) and path[-1] != "sections":
            continue  # another text is a text
        assert main(["report", str(put(tmp_path, changed))]) == 2, (path, other)
        assert "report.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "5", '"x"', "{}", '{"schema":1,"sections":[{}]}', '{"schema":1,"sections":["x"]}',
        '{"schema":true,"sections":[{}]}', '{"schema":1,"sections":' + "[" * 20_000 + "]" * 20_000 + "}",
        '{"a":' * 5000 + "1" + "}" * 5000, "[" * 500 + "]" * 500, '{"schema": NaN}', '{"schema": 1e999}',
        '{"schema": ' + "9" * 5000 + "}", '{"schema": 1, "x": "\\ud800"}', "\ufeff{}", "\0",
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused_with_words(tmp_path, capsys, text):
    assert main(["report", str(put(tmp_path, text))]) == 2
    assert "report.json" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json"]


def leaves(value, path=()):
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from leaves(item, (*path, key))


def with_value(content, path, value):
    changed = copy.deepcopy(content)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


def test_any_inner_value_of_another_kind_is_drawn_or_refused(written, tmp_path):
    draw = random.Random(0)
    said = []
    for name in NAMES:
        content = content_of(written(name))
        paths = list(leaves(content["sections"]))
        for path in draw.sample(paths, 5):
            other = draw.choice([None, "x", 10**60, -1.5, [], {}, [[1]], {"side": 5}, True, "a" * 3000])
            part = with_value(content["sections"], path, other)[path[0]]
            try:
                report.render(put(tmp_path, {**content, "sections": [part]}))
            except FolderError as error:
                said.append(str(error))
    assert said and all("report.json" in one for one in said)


class Tags(HTMLParser):
    """What a browser would take for markup."""

    def __init__(self):
        super().__init__()
        self.odd = []

    def handle_starttag(self, tag, attributes):
        if tag == "script" or any(key.startswith("on") for key, _ in attributes):
            self.odd.append((tag, attributes))
        for key, value in attributes:
            if key in ("src", "href", "xlink:href") and not re.match(r"#|data:(image/png;base64)?,", value or ""):
                self.odd.append((tag, key, value))


def poisoned(value, key=None):
    """The same with markup behind every text that is shown."""
    if isinstance(value, dict):
        return {k: poisoned(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [poisoned(v, key) for v in value]
    return value + EVIL if isinstance(value, str) and key not in CLOSED else value


@pytest.mark.parametrize("name", NAMES)
def test_markup_in_any_stored_text_stays_text(written, tmp_path, name):
    report.render(put(tmp_path, poisoned(content_of(written(name)))), strict=False)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert tags.odd == [] and "alert(1)" in page
    twin = Tags()
    twin.feed((written(name) / "report.html").read_text(encoding="utf-8"))
    assert twin.odd == []
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    outside = re.sub(r"(?ms)^(`{3,})[a-z]*\n.*?^\1$", "", markdown)
    assert "<script" not in outside and "<img" not in outside


@pytest.mark.parametrize(
    "image",
    ["http://example.org/x.png", "javascript:alert(1)", "data:image/svg+xml,<svg onload=alert(1)>", "data:text/html,x",
     'data:image/png;base64,AAAA" onerror="alert(1)', 5, None, ["data:image/png;base64,AA"]],
)  # fmt: skip
def test_a_picture_is_a_png_of_the_pages_own(written, tmp_path, image):
    content = content_of(written("image"))
    (part,) = content["sections"] = [part for part in content["sections"] if part["name"] == "errors"]
    report.render(put(tmp_path, content))
    part["data"]["groups"][0]["items"][0]["image"] = image
    with pytest.raises(FolderError, match="a picture is not a PNG"):
        report.render(put(tmp_path, content))


@pytest.mark.skipif(os.name == "nt", reason="no such links")
def test_a_report_that_is_a_link_or_a_pipe_is_not_read(written, tmp_path, capsys):
    for name in ("linked", "dangling", "piped", "huge"):
        (tmp_path / name).mkdir()
    (tmp_path / "linked" / "report.json").symlink_to(written("binary") / "report.json")
    (tmp_path / "dangling" / "report.json").symlink_to("nowhere")
    os.mkfifo(tmp_path / "piped" / "report.json")
    with open(tmp_path / "huge" / "report.json", "wb") as file:
        file.truncate(1 << 40)
    for name in ("linked", "dangling", "piped", "huge"):
        assert main(["report", str(tmp_path / name)]) == 2
    (tmp_path / "shortcut").symlink_to(written("binary"))  # the user's own
    assert main(["report", str(tmp_path / "shortcut"), "--out", str(tmp_path / "r.html")]) == 0
