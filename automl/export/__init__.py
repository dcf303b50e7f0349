"""Exports of saved models."""
