"""Opening a stored shallow model that may come from elsewhere: all that it names and holds is checked first.

A bundle and a run folder keep such models as files of skops. What one names is checked against closed lists before
skops sees it (`schema`, `lists`), sizes before anything is unpacked (`members`), and what native code will index before
the model is handed out (`soundness`).
"""

from automl.storage.trusted import networks
from automl.storage.trusted.errors import Untrusted
from automl.storage.trusted.lists import TRUSTED
from automl.storage.trusted.loading import check, loads
from automl.storage.trusted.members import parse_json, read_members, spendable_bytes, unpacked_limit
from automl.storage.trusted.plugged import check_plugged, loads_plugged, names_in
from automl.storage.trusted.soundness import parts

__all__ = [
    "TRUSTED",
    "Untrusted",
    "check",
    "check_plugged",
    "loads",
    "loads_plugged",
    "names_in",
    "networks",
    "parse_json",
    "parts",
    "read_members",
    "spendable_bytes",
    "unpacked_limit",
]
