"""Makes letters/: a small convolutional network that tells letters apart, as a backbone for pictures of 16 × 16 points.

Run ``python automl/data/make_letters.py`` to write the folder again; seeds are fixed, but the last digits of weights
depend on the processor. It learns from 40,000 letters, A to Z and a to z, drawn by Pillow with its own font, turned,
sheared, thinned or thickened, some of them at half the resolution. No digit is among them. Dedicated to the public
domain (CC0 1.0).

A toy: 52 letters of one font, where published backbones have seen a million photographs.
"""

from __future__ import annotations

import json
import os
import string
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

HERE = Path(__file__).parent
LETTERS = string.ascii_letters
SIDE, DRAWN = 16, 64
N_PICTURES, EPOCHS = 40_000, 8


def letter(rng: np.random.Generator, which: str) -> np.ndarray:
    """One letter ``(16, 16)`` uint8, light on dark."""
    image = Image.new("L", (DRAWN, DRAWN))
    font = ImageFont.load_default(float(rng.uniform(38, 56)))
    ImageDraw.Draw(image).text(
        (DRAWN / 2, DRAWN / 2), which, fill=255, font=font, anchor="mm", stroke_width=int(rng.integers(0, 4))
    )
    angle, shear, wide, high = rng.normal(0, 0.15), rng.normal(0, 0.2), *rng.uniform(0.8, 1.2, 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[wide, shear], [0.0, high]])
    shift = DRAWN / 2 - matrix @ (np.full(2, DRAWN / 2) + rng.normal(0, 3, 2))
    image = image.transform(
        image.size, Image.Transform.AFFINE, (*matrix[0], shift[0], *matrix[1], shift[1]), Image.Resampling.BILINEAR
    )
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.MaxFilter(5) if rng.random() < 0.5 else ImageFilter.MinFilter(3))
    if rng.random() < 0.5:
        image = image.resize((SIDE // 2, SIDE // 2), Image.Resampling.BOX)
    small = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float32)
    noisy = small * rng.uniform(0.7, 1.0) + rng.normal(0, rng.uniform(0, 12), small.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def make(n: int = N_PICTURES, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw the letters: ``(n, 16, 16, 1)`` uint8 and the number of each letter."""
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.arange(n) % len(LETTERS))
    return np.stack([letter(rng, LETTERS[code]) for code in codes])[..., None], codes


def train(folder: Path) -> None:
    """Train the network and write the folder."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras

    keras.utils.set_random_seed(0)
    images, codes = make()
    x = inputs = keras.Input((SIDE, SIDE, 1))
    for filters, stride in ((16, 1), (32, 2), (48, 1), (64, 2)):
        x = keras.layers.Conv2D(filters, 3, stride, padding="same", use_bias=False)(x)
        x = keras.layers.Activation("relu")(keras.layers.BatchNormalization(momentum=0.9)(x))
    features = keras.layers.GlobalAveragePooling2D()(keras.layers.SpatialDropout2D(0.1)(x))
    network = keras.Model(inputs, keras.layers.Dense(len(LETTERS))(features))
    steps = EPOCHS * (len(images) // 128)
    network.compile(
        keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(4e-3, steps), weight_decay=1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"],
    )  # fmt: skip
    network.fit(images / np.float32(255), codes, batch_size=128, epochs=EPOCHS, validation_split=0.05, verbose=2)
    folder.mkdir(exist_ok=True)
    keras.Model(inputs, x).save(folder / "model.keras")
    config = {"name": "letters", "input_size": SIDE, "preprocessing": "unit"}
    (folder / "config.json").write_text(json.dumps(config) + "\n", "utf-8")


if __name__ == "__main__":
    train(HERE / "letters")
