"""The gallery holds every recipe and ten real sets, and links only to reports that there are."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def gallery():
    spec = importlib.util.spec_from_file_location("gallery", DOCS / "gallery.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_has_every_recipe_and_ten_real_sets(gallery):
    names = {kind: [name for name, of, _ in gallery.contests() if of == kind] for kind in ("recipe", "set")}
    assert names["recipe"] == sorted(path.stem for path in (DOCS.parent / "recipes").glob("*.yaml"))
    assert len(names["set"]) == 10
    kept = {entry["name"] for entry in json.loads(gallery.FIGURES.read_text(encoding="utf-8"))}
    assert kept <= {name for of in names.values() for name in of} and len(kept) >= 10


def test_a_line_has_a_link_only_where_the_report_is(gallery, tmp_path, monkeypatch):
    entry = {
        "name": "two_moons", "kind": "set", "modality": "tabular", "goal": "binary", "metric": "roc_auc", "n_train": 60,
        "n_test": 20, "verdict": None, "reason": "no_label", "recommended": "mlp-1", "trust": "high",
        "scores": {"deep": 0.9, "floor": 0.5}, "seconds": 44,
    }  # fmt: skip
    monkeypatch.setattr(gallery, "FOLDER", tmp_path)
    monkeypatch.setattr(gallery, "FIGURES", tmp_path / "gallery.json")
    (tmp_path / "gallery.json").write_text(json.dumps([entry]))
    line = "| two moons | tabular, binary, 60 + 20 | roc_auc | 0.900 |  | 0.500 | none (no label) | mlp-1 | high | 44 |"
    assert line in gallery.page()
    (tmp_path / "two_moons.html").write_text("a report")
    assert "| [two moons](two_moons.html) |" in gallery.page()
