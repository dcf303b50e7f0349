"""What a forecast stands on: the time axis, its frequency, a grid without gaps."""
