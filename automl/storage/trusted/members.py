"""Members of an archive that may come from elsewhere: names and sizes are checked before anything is unpacked."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from typing import Any

from automl.storage.trusted.errors import Untrusted
from automl.system.resources import available_mib

__all__ = ["check_json", "parse_json", "read_members", "spendable_bytes", "unpacked_limit"]

MIB = 2**20
LEAST_BYTES = 256 * MIB
FLOOR_BYTES = 64 * MIB
RATIO = 300
"""Times its packed size that an archive may unpack to; descriptions of vocabularies shrink to a thirtieth."""
USABLE_SHARE = 0.5
JSON_FACTOR = 12
"""Times its length that a JSON text takes once it is parsed: 4 for what we write, 20 for brackets alone."""
JSON_DEPTH = 200
FAULTS = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError, EOFError, NotImplementedError, RuntimeError)


def spendable_bytes() -> float:
    """Memory that one file may take here and now; a small one may always be read."""
    return max(FLOOR_BYTES, USABLE_SHARE * available_mib() * MIB)


def unpacked_limit(n_bytes: int) -> float:
    """Most bytes that a file of `n_bytes` may take once it is unpacked, here and now."""
    return min(spendable_bytes(), max(LEAST_BYTES, RATIO * n_bytes))


def read_members(content: bytes, names: re.Pattern[str], limit_bytes: float) -> dict[str, bytes]:
    """Unpack an archive of known members.

    Args:
        content: of the file.
        names: what a member may be called.
        limit_bytes: most that all may take together.

    Raises:
        Untrusted: it is no archive, is damaged, holds other members or one twice, or would take too much.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            found = [info.filename for info in infos]
            odd = next((name for name in found if not names.fullmatch(name)), None)
            if odd is not None:
                raise Untrusted(f"it holds {odd!r}, which no model of ours has")
            if len(set(found)) < len(found):
                raise Untrusted("it holds two members of one name")
            if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
                raise Untrusted("it is packed in a way that no model of ours is")
            size = sum(info.file_size for info in infos)
            if size > limit_bytes:
                raise Untrusted(
                    f"it would unpack to {size / MIB:,.0f} MiB, more than the {limit_bytes / MIB:,.0f} MiB that a file "
                    f"of {len(content) / MIB:,.1f} MiB may take here"
                )
            return {info.filename: archive.read(info) for info in infos}
    except Untrusted:
        raise
    except FAULTS as error:
        raise Untrusted(f"it is damaged or no such file ({error or type(error).__name__})") from error


def parse_json(content: bytes) -> Any:
    """Parse a JSON text of bounded length, depth and numbers.

    Raises:
        Untrusted: it is none, or would take more memory than it may.
    """
    if JSON_FACTOR * len(content) > max(spendable_bytes(), LEAST_BYTES):
        raise Untrusted(f"a description of {len(content) / MIB:,.0f} MiB takes more memory than it may")
    try:
        found = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Untrusted(f"it holds no JSON that can be read ({error})") from error
    check_json(found)
    return found


def check_json(value: Any) -> None:
    """Make sure that what walks through a parsed text with a function for each level can do so.

    Raises:
        Untrusted: it is nested too deeply.
    """
    level = [value]
    for _ in range(JSON_DEPTH):
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise Untrusted(f"it is nested more than {JSON_DEPTH} levels deep")
