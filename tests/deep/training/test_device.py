"""The device policy on recorded device lists, and how a process is set up for them."""

from types import SimpleNamespace

import pytest

from automl.deep.training.cost import LEAST_SPEED_UP, TrialCost, products_a_row, replicas_for
from automl.deep.training.device import choose, prepare
from automl.errors import RecipeError


def test_no_gpu_means_float32_on_the_cpu_without_xla():
    device = choose([])
    assert (device.name, device.kind, device.n_accelerators) == ("cpu", "cpu", 0)
    assert device.precision_of("cnn") == "float32" and not device.compiled and not device.replicas


def test_every_choice_has_its_reason():
    for found in ([], [(8, 6)], [(7, 5)] * 4, [None], [(9, 0)] * 4):
        said = " ".join(choose(found).reasons)
        for word in ("float", "XLA", "0.25 s", "One "):
            assert word in said, (found, word)


def test_one_recent_gpu_trains_in_bfloat16_under_xla_and_recurrent_networks_do_not():
    device = choose([(8, 6)])
    assert (device.name, device.precision_of("cnn"), device.precision_of("rnn")) == ("gpu", "mixed_bfloat16", "float32")
    assert "cnn" in device.compiled and "rnn" not in device.compiled
    assert device.replicas == ()


@pytest.mark.parametrize("capability", [(6, 1), (7, 0), (7, 5)])
def test_an_old_card_trains_in_float32_since_float16_would_need_loss_scaling(capability):
    device = choose([capability])
    assert device.precision_of("mlp") == "float32" and "loss scaling" in device.reasons[0]


def test_the_weakest_of_four_decides_and_the_mixture_is_named():
    device = choose([(8, 0), (8, 0), (7, 0), (8, 0)])
    assert (device.name, device.n_accelerators, device.precision) == ("gpu x4", 4, "float32")
    assert "7.0, the newest 8.0" in device.reasons[0]


def test_four_recent_cards_may_share_a_trial():
    device = choose([(9, 0)] * 4)
    assert device.precision == "mixed_bfloat16"
    assert (device.replicas, device.sharing) == (("GPU:0", "GPU:1", "GPU:2", "GPU:3"), "auto")


def test_a_plug_in_device_trains_in_float32_without_xla_and_shares_nothing():
    for found in ([None], [None, None], [(8, 0), None]):
        device = choose(found)
        assert (device.precision, device.compiled, device.replicas) == ("float32", frozenset(), ())


def test_logical_cpus_share_a_trial_only_when_asked():
    assert choose([], n_cpus=2).replicas == ()
    device = choose([], n_cpus=2, wish="all")
    assert (device.replicas, device.sharing, device.n_accelerators) == (("CPU:0", "CPU:1"), "always", 0)


def test_one_device_a_trial_when_asked():
    device = choose([(9, 0)] * 4, wish="one")
    assert (device.name, device.n_accelerators, device.replicas) == ("gpu", 1, ())


# --------------------------------------------------------------------------- what is spread

BIG = TrialCost(n_parameters=25_000_000, n_products=4e9, batch_size=256, n_steps=20_000)  # a ResNet-50 at 224 pixels
SMALL = TrialCost(n_parameters=240_000, n_products=2.4e5, batch_size=256, n_steps=20_000)  # the shipped mlp


def test_a_big_convolutional_trial_is_spread_and_a_small_dense_one_is_not():
    four = choose([(8, 0)] * 4)
    assert BIG.step_seconds(1) > LEAST_SPEED_UP * BIG.step_seconds(4)
    assert replicas_for(four, BIG) == four.replicas
    assert replicas_for(four, SMALL) == ()


def test_a_short_trial_is_not_spread_since_each_device_traces_the_network():
    four = choose([(8, 0)] * 4)
    short = TrialCost(BIG.n_parameters, BIG.n_products, BIG.batch_size, n_steps=20)
    little_time = TrialCost(BIG.n_parameters, BIG.n_products, BIG.batch_size, BIG.n_steps, seconds=20.0)
    assert replicas_for(four, short) == replicas_for(four, little_time) == ()


def test_asked_for_all_devices_every_trial_is_spread_if_its_batch_has_rows_enough():
    four = choose([(8, 0)] * 4, wish="all")
    assert replicas_for(four, SMALL) == four.replicas
    assert replicas_for(four, TrialCost(240_000, 2.4e5, 16, 20_000)) == ()


def test_one_device_is_never_spread():
    assert replicas_for(choose([(8, 0)]), BIG) == replicas_for(choose([], n_cpus=2), BIG) == ()


def test_products_count_each_kernel_at_each_place():
    import keras

    def products(shape, *layers):
        return products_a_row(keras.Sequential([keras.Input(shape), *layers]))

    assert products((5,), keras.layers.Dense(3)) == 15
    assert products((8, 8, 2), keras.layers.Conv2D(4, 3, padding="same")) == 64 * 9 * 2 * 4
    assert products((10, 2), keras.layers.LSTM(4)) == 10 * (2 * 16 + 4 * 16)
    assert products((10, 2), keras.layers.Bidirectional(keras.layers.LSTM(4))) == 2 * 10 * (2 * 16 + 4 * 16)
    assert products((10,), keras.layers.Embedding(100, 4)) == 0


# --------------------------------------------------------------------------- a process


class FakeConfig:
    """`tf.config` of a machine with GPUs; `used` when the runtime has started."""

    def __init__(self, capabilities, used=False):
        self.visible = [f"GPU:{i}" for i in range(len(capabilities))]
        self.capabilities = dict(zip(self.visible, capabilities, strict=True))
        self.used, self.growing = used, []
        self.threads = 0
        self.threading = SimpleNamespace(set_intra_op_parallelism_threads=self.set_threads)
        self.experimental = SimpleNamespace(set_memory_growth=self.grow, get_device_details=self.details)

    def set_threads(self, n):
        if self.used:
            raise RuntimeError("Intra op parallelism cannot be modified after initialization.")
        self.threads = n

    def get_visible_devices(self, kind):
        return ["CPU:0"] if kind == "CPU" else list(self.visible)

    def set_visible_devices(self, devices, kind):
        if self.used:
            raise RuntimeError("Visible devices cannot be modified after being initialized")
        assert kind == "GPU"
        self.visible = list(devices)

    def grow(self, device, enable):
        if self.used:
            raise RuntimeError("Physical devices cannot be modified after being initialized")
        self.growing.append((device, enable))

    def details(self, device):
        found = self.capabilities[device]
        return {} if found is None else {"compute_capability": found}

    def get_logical_device_configuration(self, device):
        return None


@pytest.fixture
def machine(monkeypatch):
    import tensorflow as tf

    def of(*capabilities, used=False):
        fake = FakeConfig(capabilities, used)
        monkeypatch.setattr(tf, "config", fake)
        return fake

    return of


@pytest.mark.parametrize("n", [1, 4])
def test_memory_grows_on_every_gpu(machine, n):
    fake = machine(*[(8, 0)] * n)
    device = prepare()
    assert fake.growing == [(f"GPU:{i}", True) for i in range(n)]
    assert (device.n_accelerators, device.precision) == (n, "mixed_bfloat16")


def test_hidden_gpus_stay_hidden(machine):
    fake = machine(*[(8, 0)] * 4)
    fake.visible = ["GPU:2"]
    assert prepare().n_accelerators == 1 and fake.growing == [("GPU:2", True)]


def test_a_plug_in_device_tells_no_capability(machine):
    machine(None)
    assert prepare().precision == "float32"


def test_gpus_that_the_process_uses_already_are_used_as_they_are(machine):
    machine((8, 0), (8, 0), used=True)
    assert prepare().n_accelerators == 2
    assert prepare("one").n_accelerators == 1


def test_one_and_cpu_hide_the_other_gpus(machine):
    fake = machine(*[(8, 0)] * 4)
    assert prepare("one").n_accelerators == 1 and fake.visible == ["GPU:0"]
    assert prepare("cpu").name == "cpu" and fake.visible == []


def test_the_cpu_asked_for_too_late_is_an_error_that_says_what_to_do(machine):
    machine((8, 0), used=True)
    with pytest.raises(RecipeError, match="CUDA_VISIBLE_DEVICES=-1"):
        prepare("cpu")


@pytest.mark.parametrize(("n_cores", "threads"), [(0, 0), (1, 0), (2, 1), (3, 0), (64, 0)])
def test_operators_are_not_split_over_two_cores(n_cores, threads):
    device = choose([], n_cores=n_cores)
    assert device.operator_threads == threads
    assert any("TF_NUM_INTRAOP_THREADS" in reason for reason in device.reasons) == bool(threads)
    assert choose([(8, 0)], n_cores=n_cores).operator_threads == 0


@pytest.mark.parametrize(("variable", "used", "threads"), [("", False, 1), ("2", False, 0), ("", True, 0)])
def test_threads_are_set_unless_somebody_has(machine, monkeypatch, variable, used, threads):
    monkeypatch.setattr("automl.deep.training.device.usable_cores", lambda: 2)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", variable)
    fake = machine(used=used)
    prepare()
    assert fake.threads == threads


# --------------------------------------------------------------------------- precision on a processor


def test_a_processor_that_multiplies_bfloat16_tries_it_for_convolutions_and_says_so():
    device = choose([], instructions="amx_bf16")
    assert (device.precision_of("cnn"), device.tried) == ("float32", frozenset({"cnn"}))
    assert "amx_bf16" in device.reasons[1] and "two seconds" in device.reasons[1]
    assert choose([]).tried == choose([(8, 0)], instructions="amx_bf16").tried == frozenset()


@pytest.mark.parametrize("found", [[], [(9, 0)]])
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_precision_that_is_asked_for_is_not_tried(found, precision):
    device = choose(found, precision=precision, instructions="amx_bf16")
    assert (device.precision_of("cnn"), device.precision_of("rnn")) == (precision, "float32")
    assert device.tried == frozenset() and precision in device.reasons[0] and "as asked" in device.reasons[0]
