"""Parts of texts, pictures and series that a prediction rests on weigh most, on both sides."""

from __future__ import annotations

import numpy as np
import pandas as pd
from fixed_finalists import context_of

from automl import testing
from automl.analyses.occlusion import OCCLUSION
from automl.analyses.shared.parts import MOST_WORDS, N_PATCHES
from automl.records import AnalysisContext, Column, Dataset, Task
from automl.report.sections.occlusion import OCCLUSION as SECTION


def task_of(modality: str, columns: tuple[Column, ...] = ()) -> Task:
    return Task(modality, "binary", ("y",), "roc_auc", classes=("no", "yes"), positive="yes", columns=columns)  # type: ignore[arg-type]


def texts(n_words: int = 6) -> AnalysisContext:
    rng = np.random.default_rng(0)
    filler = [" ".join(f"w{k}" for k in rng.integers(0, 50, n_words - 1)) for _ in range(80)]
    good = np.arange(80) % 2 == 0
    cells = [f"{'good' if g else 'bad'} {text}" for g, text in zip(good, filler, strict=True)]
    dataset = Dataset(
        "hand", pd.DataFrame({"t": cells}, dtype=object), pd.DataFrame({"y": np.where(good, "yes", "no")})
    )

    def predict(data: Dataset, rows: np.ndarray) -> np.ndarray:
        words = [set(text.split()) for text in data.inputs["t"].iloc[rows]]
        return np.array([0.9 if "good" in one else 0.1 if "bad" in one else 0.5 for one in words])

    return context_of(
        dataset, task_of("text", (Column("t", "text", 1.0, ""),)), {"deep": predict, "shallow": predict}, n_train=40
    )


def test_the_word_that_decides_weighs_most() -> None:
    context = texts()
    made = OCCLUSION.run(context)
    assert made is not None and len(made["examples"]) == 6
    for example in made["examples"]:
        for side in ("deep", "shallow"):
            drops = example["sides"][side]["drops"]
            assert example["parts"][int(np.argmax(drops))] in ("good", "bad") and np.isclose(max(drops), 0.4)
    assert len({tuple(sorted(row)) for row in made["rows"]}) == 1


def test_long_texts_lose_runs_of_words_so_that_the_work_is_bounded() -> None:
    made = OCCLUSION.run(texts(200))
    assert made is not None
    assert all(len(example["parts"]) == MOST_WORDS for example in made["examples"])
    assert all("good" in e["parts"][0] or "bad" in e["parts"][0] for e in made["examples"])


def test_the_patch_that_decides_weighs_most() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 60, (60, 28, 28), dtype=np.uint8)
    bright = np.arange(60) % 2 == 0
    inputs[bright, :4, :4] = 255
    dataset = Dataset("hand", inputs, pd.DataFrame({"y": np.where(bright, "yes", "no")}))

    def predict(data: Dataset, rows: np.ndarray) -> np.ndarray:
        return np.clip(data.inputs[rows, :4, :4].mean(axis=(1, 2)) / 255, 0.01, 0.99)

    context = context_of(dataset, task_of("image"), {"deep": predict, "shallow": predict}, n_train=20)
    made = OCCLUSION.run(context)
    assert made is not None
    for example in made["examples"]:
        drops = np.abs(example["sides"]["deep"]["drops"])
        assert len(drops) == N_PATCHES**2 and int(np.argmax(drops)) == 0 and drops[1:].max() == 0
    assert (dataset.inputs == inputs).all()
    context.outcome.analyses["occlusion"] = made  # type: ignore[index]
    data = SECTION.collect(context.outcome)
    assert data is not None and data["holds_rows"] and data["examples"][0]["sides"][0]["image"].startswith("data:")


def test_the_stretch_that_decides_weighs_most() -> None:
    rng = np.random.default_rng(0)
    inputs = 0.1 * rng.normal(size=(60, 1, 48))
    up = np.arange(60) % 2 == 0
    inputs[up, 0, 8:12] = 5.0
    dataset = Dataset("hand", inputs, pd.DataFrame({"y": np.where(up, "yes", "no")}))

    def predict(data: Dataset, rows: np.ndarray) -> np.ndarray:
        return np.clip(data.inputs[rows, 0, 8:12].mean(axis=1) / 5, 0.01, 0.99)

    context = context_of(dataset, task_of("sequence"), {"deep": predict}, n_train=20)
    made = OCCLUSION.run(context)
    assert made is not None
    example = next(e for e in made["examples"] if context.outcome.truth[e["position"]] == 1)
    assert example["parts"][int(np.argmax(example["sides"]["deep"]["drops"]))] == "steps 8 to 11"


def test_examples_are_some_where_only_one_side_is_right() -> None:
    context = texts()
    context.outcome.analyses["differences"] = {"examples": {"deep": [7, 9, 11], "shallow": [3]}}  # type: ignore[index]
    made = OCCLUSION.run(context)
    assert made is not None and [e["position"] for e in made["examples"]][:3] == [7, 9, 3]


def test_words_of_the_user_are_escaped() -> None:
    from automl.report import page

    context = texts()
    made = OCCLUSION.run(context)
    assert made is not None
    made["examples"][0]["parts"][0] = "<script>alert(1)</script>"
    context.outcome.analyses["occlusion"] = made  # type: ignore[index]
    content = page.stored(context.outcome, [SECTION])
    text = page.html(content, [SECTION], strict=True)
    assert "<script>alert" not in text and "&lt;script&gt;" in text


def test_it_keeps_the_contract_for_every_modality_with_parts() -> None:
    testing.check_analysis(OCCLUSION)
