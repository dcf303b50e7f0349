"""Texts and pictures beside a table's columns: what is chosen about them, and what a network makes of them."""

import math

import keras
import keras_tuner
import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw

from automl import modalities, testing
from automl import recipe as recipes
from automl.deep.data import training_data_of
from automl.deep.messages import TrialSpec
from automl.deep.training import device
from automl.deep.training.trainer import Trainer
from automl.flow.prepare import prepare
from automl.flow.selection import templates_for
from automl.layers.fusion import read_specs
from automl.records import InputSpec, Recipe
from automl.templates.ft_transformer import FT_TRANSFORMER
from automl.templates.mlp import MLP
from automl.templates.tabm import TABM

TEMPLATES = pytest.mark.parametrize("template", [MLP, TABM, FT_TRANSFORMER], ids=lambda template: template.name)
STEMS = {"text_stem", "text_dim", "image_stem", "image_width", "image_blocks", "image_views"}


def space_of(template, specs):
    hp = keras_tuner.HyperParameters()
    template.space(hp, specs, testing.example_facts("binary"))
    return hp


def built(template, specs, **settings):
    point = {**space_of(template, specs).values, **settings}
    knobs = {name: keras.Variable(float(point[name]), trainable=False) for name in template.knobs if name in point}
    return template.build(point, knobs, specs, testing.example_head("binary"))


@TEMPLATES
def test_tables_without_texts_or_pictures_have_nothing_to_choose_about_them(template):
    specs = testing.example_specs(("numbers", "categories"), "binary")
    assert not STEMS & set(space_of(template, specs).values)
    assert not any(STEMS & set(start) for start in template.starts(specs, testing.example_facts("binary")))


@TEMPLATES
def test_pictures_are_read_first_and_texts_next(template):
    specs = testing.example_specs(template.accepts, "binary")
    starts = template.starts(specs, testing.example_facts("binary"))
    assert [start["text_stem"] for start in starts[:2]] == ["none", "conv"]
    assert {start["image_stem"] for start in starts} == {"conv"}


@TEMPLATES
def test_a_network_has_inputs_for_what_its_stems_read_alone(template):
    specs = testing.example_specs(template.accepts, "binary")
    table = {spec.name for spec in specs if spec.kind in ("numbers", "categories")}
    for text, image, more in (
        ("none", "none", set()),
        ("bag", "none", {"tokens"}),
        ("conv", "conv", {"tokens", "image"}),
    ):
        model = built(template, specs, text_stem=text, image_stem=image)
        assert {tensor.name for tensor in model.inputs} == table | more


@TEMPLATES
def test_two_image_columns_alone_are_always_read(template):
    image = testing.example_specs(("image",), "binary")[0]
    specs = (image, InputSpec("image_2", "image", (8, 8, 1), "uint8", stats={"mean": [9.0], "std": [2.0]}))
    assert template.unfit(None, specs) is None
    assert space_of(template, specs).values["image_stem"] == "conv"
    hp = space_of(template, specs)
    assert next(p for p in hp.space if p.name == "image_stem").values == ["conv"]
    model = built(template, specs)
    assert np.isfinite(np.asarray(model(testing.example_arrays(specs), training=False))).all()


@TEMPLATES
def test_a_text_or_a_picture_alone_is_left_to_other_templates(template):
    for kind in ("tokens", "image"):
        assert f"{kind} only together" in template.unfit(None, testing.example_specs((kind,), "binary"))
    assert "series" in template.unfit(None, testing.example_specs(("numbers", "series"), "binary"))


def test_order_of_words_counts_for_convolutions_and_not_for_a_bag():
    specs = tuple(testing.example_specs(("numbers", "tokens"), "binary"))
    arrays = testing.example_arrays(specs)
    turned = {**arrays, "tokens": arrays["tokens"].copy()}
    for row in turned["tokens"]:
        there = row > 0
        row[there] = row[there][::-1]
    for stem, differs in (("bag", False), ("conv", True)):
        model = built(MLP, specs, text_stem=stem)
        before, after = (np.asarray(model(rows, training=False)) for rows in (arrays, turned))
        assert differs is not np.allclose(before, after, atol=1e-5)


def test_inputs_without_a_choice_are_read():
    specs = testing.example_specs(("numbers", "categories"), "binary")
    assert read_specs(specs, {}) == list(specs)


def drawn(folder, n=600):
    """Bars in any colour and place, lying or standing: lying ones are sold unless dear, standing ones only if cheap.

    The price alone and the picture alone each tell three of four answers, both together tell all.
    """
    rng = np.random.default_rng(0)
    rows = []
    for i in range(n):
        lying, price = bool(rng.integers(2)), float(rng.uniform(-1, 1))
        picture = Image.new("RGB", (16, 16), tuple(int(v) for v in rng.integers(0, 60, 3)))
        (x, y), (width, height) = rng.integers(0, 4, 2).tolist(), (10, 3) if lying else (3, 10)
        colour = tuple(int(v) for v in rng.integers(150, 256, 3))
        ImageDraw.Draw(picture).rectangle((x, y, x + width, y + height), fill=colour)
        picture.save(folder / f"{i}.png")
        rows.append({"price": price, "photo": f"{i}.png", "sold": "yes" if price < (0.5 if lying else -0.5) else "no"})
    frame = pd.DataFrame(rows)
    frame.to_csv(folder / "shop.csv", index=False)
    return folder / "shop.csv"


@pytest.mark.slow
def test_what_a_number_and_a_shape_decide_together_is_learnt_with_the_stem_and_not_without(tmp_path):
    prepared = prepare(recipes.make(data=drawn(tmp_path), target="sold", metric="accuracy"))
    assert prepared.task.modality == "tabular" and prepared.dataset.pictures["photo"].shape == (600, 16, 16, 3)
    parts = prepared.dataset, prepared.task, prepared.split
    encoder, codec = modalities.fit(*parts)
    fitting, _ = templates_for(Recipe(None), prepared.task, encoder.specs)
    assert {"mlp", "tabm", "ft_transformer"} <= set(fitting) and "cnn" not in fitting
    trainer = Trainer(training_data_of(*parts, encoder, codec, "accuracy"), {"mlp": MLP}, device.prepare("cpu"))
    start = MLP.starts(encoder.specs, modalities.facts(prepared.task, prepared.split, codec))[0]
    assert start["image_stem"] == "conv"
    small = {**space_of(MLP, encoder.specs).values, **start, "width": 128, "layers": 2, "epochs": 40, "batch_size": 32}
    scores = {}
    for stem in ("conv", "none"):
        fit = trainer.run(TrialSpec(stem, "mlp", {**small, "image_stem": stem}, 0, math.inf)).fit
        scores[stem] = fit.score
    assert scores["conv"] > 0.9
    assert scores["none"] < 0.85
