"""Shallow families by modality: floors, fast and strong ones, each with its settings to tune."""
