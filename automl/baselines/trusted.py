"""Types."""

TRUSTED: tuple[str, ...] = ()
