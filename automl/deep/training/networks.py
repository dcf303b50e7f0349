"""Compiled networks by the choices that they were built with, and which kind of network a template needs."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automl import goals
from automl.deep.messages import plain
from automl.deep.training.cost import TrialCost, products_a_row, replicas_for
from automl.deep.training.data_parallel import ParallelNetwork, Replicas
from automl.deep.training.loss_knobs import LOSS_KNOBS, loss_knobs
from automl.deep.training.network import Network
from automl.deep.training.retrieval import RetrievalNetwork
from automl.deep.training.samples import GeneratorNetwork
from automl.deep.training.scores import ScoringNetwork
from automl.deep.training.tiles import TileNetwork
from automl.deep.training.vectors import VectorNetwork
from automl.goals.shared.scores import ScoreCodec
from automl.records import START

if TYPE_CHECKING:
    from automl.deep.data import TrainingData
    from automl.deep.training.device import Device
    from automl.deep.training.device_data import DeviceData
    from automl.records import Template

__all__ = ["Networks", "knobs_of"]

KEPT_NETWORKS = 4
LOOP_CHOICES = ("epochs", "batch_size", START)


class Networks:
    """The networks that were compiled last.

    Args:
        training_data: what they are trained on.
        data: the same on the device.
        device: the device policy.
        never_spread: whether each trains on one device, however many there are.

    Attributes:
        by_shape: networks by `shape_of`, those used last at the end.
    """

    def __init__(
        self, training_data: TrainingData, data: DeviceData, device: Device, never_spread: bool = False
    ) -> None:
        self.training_data, self.data, self.device, self.never_spread = training_data, data, device, never_spread
        self.by_shape: OrderedDict[str, Network] = OrderedDict()
        self.replicas: Replicas | None = None

    def get(self, template: Template, settings: Mapping[str, Any], seed: int, seconds: float = math.inf) -> Network:
        """The network of these choices, reset for this seed: from the cache, or newly built and traced.

        Args:
            template: builds the network.
            settings: choices and knobs.
            seed: seed of the initial weights.
            seconds: time allotted; one of the things that decide whether the trial is spread over several devices.
        """
        key = self.shape_of(template, settings)
        network = self.by_shape.pop(key, None) or self.new(template, settings)
        spread = self._spread(network, settings, seconds)
        if bool(spread) != (network.n_devices > 1):
            network = self.new(template, settings, spread)
        self.by_shape[key] = network
        while len(self.by_shape) > KEPT_NETWORKS:
            self.by_shape.popitem(last=False)[1].release()
        network.reset(knobs_of(template, settings), int(settings["batch_size"]), seed)
        return network

    def new(self, template: Template, settings: Mapping[str, Any], spread: tuple[str, ...] = ()) -> Network:
        """A new network, on these devices; on one if none are named, or if its kind is for one alone."""
        knobs = {*template.knobs, *LOSS_KNOBS}
        choices = {name: value for name, value in settings.items() if name not in knobs}
        parts = (template, choices, knobs_of(template, settings), self.training_data.specs, self.training_data.head)
        kind = self._kind(template)
        if not spread or kind is not Network:
            return kind(*parts, self.data, self.device, self.training_data.loss_scale)
        self.replicas = self.replicas or Replicas(spread, self.data)
        return ParallelNetwork(*parts, self.replicas, self.device, self.training_data.loss_scale)

    def _kind(self, template: Template) -> type[Network]:
        """The kind of network that the template, or what it is to predict, needs."""
        head = self.training_data.head
        if template.keeps_rows:
            return RetrievalNetwork
        if isinstance(self.training_data.codec, ScoreCodec):
            return ScoringNetwork
        if head.is_code:
            return VectorNetwork
        goal = goals.named(head.goal)
        return TileNetwork if goal.in_pixels else GeneratorNetwork if goal.makes_rows else Network

    def _spread(self, network: Network, settings: Mapping[str, Any], seconds: float) -> tuple[str, ...]:
        """The devices that share this trial; empty for a single device."""
        single = network.template.keeps_rows or network.head.loss in ("own", "masks") or self.never_spread
        if len(self.device.replicas) < 2 or single:
            return ()
        batch_size = min(int(settings["batch_size"]), self.data.n_train)
        n_steps = int(settings["epochs"]) * max(1, self.data.n_train // batch_size)
        work = TrialCost(network.n_parameters, products_a_row(network.model), batch_size, n_steps, seconds)
        return replicas_for(self.device, work)

    def is_ready(self, template: Template, settings: Mapping[str, Any]) -> bool:
        """Whether a network of these choices is already compiled."""
        return self.shape_of(template, settings) in self.by_shape

    def shape_of(self, template: Template, settings: Mapping[str, Any]) -> str:
        """The cache key of compiled networks: settings with the same key share a network."""
        free = {*template.knobs, *LOSS_KNOBS, *LOOP_CHOICES}
        shape = {name: value for name, value in settings.items() if name not in free}
        return f"{template.name} {json.dumps(plain(shape), sort_keys=True)}"


def knobs_of(template: Template, settings: Mapping[str, Any]) -> dict[str, float]:
    """The knobs that matter for the data: a template's space holds no others."""
    names = (*(name for name in template.knobs if name in settings), *loss_knobs(settings))
    return {name: float(settings[name]) for name in names}
