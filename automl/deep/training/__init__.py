"""One trial: a network compiled once for its choices, trained, watched and judged."""
