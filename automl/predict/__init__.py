"""Models in use: they read new rows and return predictions."""
