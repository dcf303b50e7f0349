"""Constants of Adam by family of networks, which the training loop and the scripts of exports share."""

from __future__ import annotations

__all__ = ["BETA_1", "BETA_2", "CLIP_NORM"]

BETA_1: dict[str, float] = {"gan": 0.0}  # of two opponents, momentum follows where the other one was
# mlp: Holzmüller et al. (RealMLP), NeurIPS 2024; gan: Huang et al. (R3GAN), NeurIPS 2024
BETA_2: dict[str, float] = {"mlp": 0.95, "gan": 0.99}
CLIP_NORM: dict[str, float] = {
    "rnn": 1.0, "transformer": 1.0, "autoencoder": 1.0, "contrastive": 1.0, "vae": 1.0, "diffusion": 1.0,
    "autoregressive": 1.0,
}  # fmt: skip
