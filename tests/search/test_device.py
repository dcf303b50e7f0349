"""The device policy on recorded device lists."""

from automl.search.device import choose


def test_no_gpu_means_float32_on_the_cpu():
    device = choose([])
    assert (device.name, device.n_accelerators, device.precision) == ("cpu", 0, "float32")
    assert device.reasons


def test_one_recent_gpu_trains_in_bfloat16_under_xla():
    device = choose([(8, 6)])
    assert (device.name, device.precision) == ("gpu", "mixed_bfloat16")
    assert "cnn" in device.compiled and "rnn" not in device.compiled


def test_the_weakest_of_four_decides():
    device = choose([(8, 0), (8, 0), (7, 0), (8, 0)])
    assert (device.name, device.n_accelerators, device.precision) == ("gpu x4", 4, "float32")


def test_an_unknown_card_is_trained_in_float32():
    assert choose([None]).precision == "float32"
