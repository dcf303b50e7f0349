"""Names of time zones, as pandas takes them: whatever a zone's own class does, nothing behind this sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["in_plain_zone", "offset_name", "zone_name"]


def offset_name(minutes: float) -> str:
    """How far ahead of UTC: ``120`` → "+02:00", ``0`` → "UTC"."""
    whole = round(abs(minutes))
    return f"{'-' if minutes < 0 else '+'}{whole // 60:02d}:{whole % 60:02d}" if whole else "UTC"


def zone_name(tz: Any) -> str:
    """The name of a zone ("Europe/Berlin") or its fixed offset ("+02:00"); "UTC" for one that pandas does not know."""
    import pandas as pd

    try:
        ahead = tz.utcoffset(None)
        name = offset_name(ahead.total_seconds() / 60) if ahead is not None else getattr(tz, "key", None) or tz.zone
        pd.Timestamp(0, tz="UTC").tz_convert(str(name))
    except Exception:  # a class of the user's may raise anything
        return "UTC"
    return str(name)


def in_plain_zone(column: pd.Series) -> pd.Series:
    """Times with a zone in the same zone of pandas' own."""
    made: pd.Series = column.dt.tz_convert(zone_name(column.dt.tz))
    return made
