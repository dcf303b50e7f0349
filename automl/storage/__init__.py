"""What lies on disk: files written whole or not at all, journals, weights, and which types a model may name."""
