"""May this cell be quoted? One answer for all that a user reads and that is saved with a model.

Evidence and findings are stored in ``result.json``, in the report and in every saved model, so they name cells only
where a cell says nothing of one row: a level that at least `MIN_LEVEL_ROWS` rows hold, of a column that does not differ
from row to row and looks like no person, contact or secret. Other cells are described by their shape, numbers by
their first two digits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from automl.records import MIN_LEVEL_ROWS

__all__ = ["is_contact", "is_personal", "percent", "quotable", "rounded", "shape", "usual_shape"]

MOST_DIFFERENT = 0.5
"""Share of different values above which a column counts as different from row to row."""
PERSONAL_SHARE, NAMED_SHARE = 0.2, 0.5
"""Shares of different values that look like contacts or secrets, or like names, from which a column is personal."""
LONGEST = 40
"""Characters; longer cells are sentences."""
LONGEST_VALUE = 120
"""Characters; longer cells are not compared with the forms of contacts and secrets."""
SHAPE_LENGTH = 24

# Words of a column's name, parted at case, digits and marks.
_NAMED = re.compile(
    r"names?|nom|nombre|last|first|middle|maiden|alias|nick|user|login|owner|author|patient|person|customer|client|kunde|"
    r"employee|student|pupil|donor|driver|tel|fax|cell|mobile|handy|pin|puk|cvv|cvc|otp|pwd|pass|key|keys|auth|cookie|"
    r"session|sid|card|karte|account|konto|bic|swift|ssn|nin|nino|bsn|nhs|tin|vat|tax|dni|nie|cpf|svnr|steuer|lat|lon|lng|"
    r"lati|longi|gps|geo|coord|coords|ip|ipv4|ipv6|mac|imei|imsi|vin|plate|dob|born|naissance|nacimiento|street|strasse|"
    r"straße|rue|calle|via|contact|kontakt|signature|unterschrift|religion|ethnicity|mail"
)
# Parts of a name that count wherever they stand in it.
_WITHIN = re.compile(
    r"e-?mail|phone|telefon|telefono|iban|passw|passport|passwort|kennwort|reisepass|surname|forename|firstname|lastname|"
    r"fullname|username|vorname|nachname|prenom|apellido|cognome|secret|geheim|token|credential|apikey|api_key|"
    r"address|adresse|indirizzo|direccion|birth|geburt|latitude|longitude|coordinate|licen[cs]e|creditcard|kreditkarte|"
    r"security|insurance|versicherung|fingerprint|biometric"
)
_VALUES = re.compile(
    r"[^\s@]+@[^\s@]+"  # a mail address, an account
    r"|[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"  # IBAN
    r"|[A-Z]{0,3}\d[A-Z0-9]{6,}"  # passports, vehicles
    r"|\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?"
    r"|(?=.*\d)[0-9a-fA-F]{16,}"
    r"|(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?|(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}|(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}"
    r"|[NSEW]? ?[-+]?\d{1,3}\.\d{3,}°? ?[NSEW]?[,; ]+[NSEW]? ?[-+]?\d{1,3}\.\d{3,}°? ?[NSEW]?"  # coordinates
    r"|(?:sk|pk|ghp|gho|xox[abp]|glpat|AKIA|AIza|eyJ|Bearer )[\w.\-/+= ]{8,}"
    r"|(?=\S*\d)(?=\S*[A-Za-z])[\w.\-/+=]{16,}"  # letters and digits in a row: a key
    r"|(?:[a-zA-Z][\w+.\-]*:)?//\S+"
    r"|(?i:\d{1,5},? .*\b(?:st|street|ave|avenue|rd|road|blvd|dr|drive|ln|lane|way|ct|court|pl|hwy)\b\.?.*)"
    r"|(?i:.*(?:straße|strasse|str\.|weg|gasse|platz|allee) \d+.*)"
)
_DIALLED = re.compile(r"(?:[^\W\d_]{1,6}[ .:]*)?[\d() ./+\-]+(?:x\d+)?")
LEAST_DIGITS = 7
"""Least digits of telephones, cards and other long numbers."""
_PERSON = re.compile(
    r"(?:(?:Dr|Prof|Mr|Mrs|Ms|Herr|Frau|Mme|Sr|Sra)\.? ?)*"
    r"[^\W\d_a-z][^\W\d_A-Z]+,? (?:[^\W\d_]\.? )*[^\W\d_a-z][\w'’\-]+"
)


def is_personal(name: str, levels: Iterable[str] = ()) -> bool:
    """Whether a column looks like a person, a contact or a secret, by its name or by what its different values are.

    Args:
        name: of the column.
        levels: its different values, or some of them.
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = {word.casefold() for word in re.findall(r"[^\W\d_]+", spaced)}
    if any(_NAMED.fullmatch(word) for word in words) or _WITHIN.search(name.casefold().replace(" ", "")):
        return True
    values = list(levels)
    if not values:
        return False
    contacts = sum(map(is_contact, values))
    people = sum(len(level) <= LONGEST and _PERSON.fullmatch(level) is not None for level in values)
    return contacts >= PERSONAL_SHARE * len(values) or people > NAMED_SHARE * len(values)


def is_contact(text: str) -> bool:
    """Whether a text looks like an address, a telephone, an account, a key or a place on the map."""
    if len(text) > LONGEST_VALUE:
        return False
    if sum(map(str.isdigit, text)) >= LEAST_DIGITS and _DIALLED.fullmatch(text):
        return True
    return _VALUES.fullmatch(text) is not None


def quotable(name: str, counts: Mapping[str, int]) -> list[str]:
    """The levels of a column that may be named, most frequent first.

    Args:
        name: of the column.
        counts: how many of the rows looked at hold each different value.
    """
    often = [level for level, n in counts.items() if n >= MIN_LEVEL_ROWS and len(level) <= LONGEST]
    if not often or len(counts) > MOST_DIFFERENT * sum(counts.values()) or is_personal(name, counts):
        return []
    return sorted((level for level in often if not is_contact(level)), key=lambda level: -counts[level])


def shape(text: str) -> str:
    """What a text is built of: runs of small letters as "a", of capitals as "A", of digits as "9", and its marks."""
    kinds = (
        "9" if c.isnumeric() else "A" if c.isupper() else "a" if c.isalpha() else " " if c.isspace() else
        c if "!" <= c <= "~" else "?"
        for c in text
    )  # fmt: skip
    runs: list[str] = []
    for kind in kinds:
        if runs[-1:] != [kind]:
            runs.append(kind)
        if len(runs) > SHAPE_LENGTH:
            return "".join(runs[:-2]) + "…"
    return "".join(runs)


def usual_shape(texts: Iterable[str]) -> str:
    """The commonest shape of some texts, empty where fewer than `MIN_LEVEL_ROWS` have it."""
    commonest = Counter(map(shape, texts)).most_common(1)
    return commonest[0][0] if commonest and commonest[0][1] >= MIN_LEVEL_ROWS else ""


def percent(share: float, decimals: int = 0) -> str:
    """A share as a percentage: ``"12 %"`` for 0.12."""
    return f"{100 * share:.{decimals}f} %"


def rounded(value: float) -> str:
    """A number by its first two digits: ``"91,000"`` for 91037.25."""
    plain = float(f"{value:.2g}")
    return f"{plain:,.0f}" if 10 <= abs(plain) < 1e15 else f"{plain:.2g}"
