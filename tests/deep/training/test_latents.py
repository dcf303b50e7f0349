"""Variational networks whose code says nothing fail in words; others pass, of rows, pictures and anomalies."""

from __future__ import annotations

import numpy as np
import pytest
from test_scoring_network import fitted, network

from automl.deep.training.failure import Collapsed, explain
from automl.deep.training.latents import check_code, check_latents
from automl.layers.latent import LatentDraw
from automl.templates.vae import VAE

MEAN = np.random.default_rng(0).normal(size=(100, 4))


def test_one_number_in_use_is_enough():
    check_code(MEAN * np.array([1.0, 0.0, 0.0, 0.0]), np.zeros((100, 4)))
    check_code(0.01 * MEAN, np.full((100, 4), -9.0))  # small codes that are exact
    check_code(np.full((100, 4), np.nan), np.zeros((100, 4)))  # the training loop says what is not finite


def test_a_collapsed_posterior_is_told_in_words():
    with pytest.raises(Collapsed, match="none of its 4 numbers differs between the 100 validation rows") as raised:
        check_code(0.05 * MEAN, np.zeros((100, 4)))
    assert explain(raised.value).kind == "code"


def test_a_decoder_that_reads_no_code_is_told_in_words():
    check_code(MEAN, np.zeros((100, 4)), MEAN @ np.ones((4, 2)))
    with pytest.raises(Collapsed, match="the decoder tells the same of all codes"):
        check_code(MEAN, np.zeros((100, 4)), np.tile([[3.0, -2.0]], (100, 1)))


def test_a_trained_network_passes_and_one_without_moments_does_not():
    made, point = network(VAE, epochs=2)
    fit = fitted(made, point)
    made.check_fit(fit.weights, fit.raw_valid)
    drawn = next(layer for layer in made.model.layers if isinstance(layer, LatentDraw))
    before = next(layer for layer in made.model.layers if layer.output is drawn.input)
    for variable in before.trainable_variables:
        variable.assign(np.zeros(variable.shape, "float32"))
    with pytest.raises(Collapsed, match="the latent code is unused"):
        check_latents(made)
