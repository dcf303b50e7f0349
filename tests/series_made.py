"""Counts the series that pandas makes: what a wide table costs where it is handled column by column."""

import sys

PLACE = "pandas/core/series.py"
MAKERS = ("__init__", "_from_mgr")


def series_made(call):
    """How many series are made while a function of no arguments is called."""
    n_made = 0

    def count(frame, event, _):
        nonlocal n_made
        code = frame.f_code
        if event == "call" and code.co_name in MAKERS and "series" in code.co_filename:
            n_made += code.co_filename.replace("\\", "/").endswith(PLACE)
        elif event == "call" and code.co_name == "_constructor_sliced_from_mgr":
            n_made += 1

    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(None)
    return n_made
