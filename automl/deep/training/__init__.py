"""How one trial runs: its network is built, trained, watched and scored."""
