"""What a run tells while it goes: on the console, as JSON lines, to loggers."""
