"""What is installed is read from the first lines of each package's metadata."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl.system import installed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def package(folder: Path, name: str, text: str) -> None:
    place = folder / f"{name}-1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text(text, encoding="utf-8")


def test_name_and_version_are_those_before_the_description(folder: Path) -> None:
    package(folder, "seaside", "Metadata-Version: 2.1\nname: Seaside-Net\nVersion:  1.2\nName: b\n\nVersion: 9\n")
    assert installed.packages()["Seaside-Net"] == "1.2"


def test_a_package_that_says_less_is_read_as_a_whole_or_left_out(folder: Path) -> None:
    package(folder, "folded", "Version: 3.1\nName:\n folded\n")
    package(folder, "nameless", "Version: 3.1\n")
    found = installed.packages()
    assert {name.strip(): version for name, version in found.items()}["folded"] == "3.1"
    assert "" not in found and "None" not in found
