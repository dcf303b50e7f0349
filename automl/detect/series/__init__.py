"""The grid of a forecast: its time axis, its frequency, and how gaps are filled."""
