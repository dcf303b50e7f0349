"""Corruptions of inputs: each file holds `automl.records.Corruption` constants of one sort of input."""
