"""The progress of a run: on the console, as JSON lines, and for loggers."""
