import keras
import numpy as np

from automl.layers.positions import PositionEmbedding


def test_each_place_has_its_own_vector_that_is_added():
    layer = PositionEmbedding()
    x = np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32")
    layer.build(x.shape)
    layer.offset.assign(np.arange(8, dtype="float32"))
    np.testing.assert_array_equal(layer(x), x + np.arange(8, dtype="float32").reshape(1, 4, 2))


def test_the_vectors_start_small_and_other_seeds_give_others():
    starts = []
    for seed in (0, 1):
        keras.utils.set_random_seed(seed)
        layer = PositionEmbedding()
        layer.build((None, 50, 16))
        starts.append(np.asarray(layer.offset))
    assert 0.015 < starts[0].std() < 0.025 and not np.array_equal(*starts)
