"""Cells as people write them: words, numbers with units, dates. Nothing here looks at more than one column."""

from automl.detect.parse.amounts import number_reading, numbers, sentinels
from automl.detect.parse.bins import bins_reading
from automl.detect.parse.numerals import decimal_mark, has_digit, marks, number, open_mark
from automl.detect.parse.spelling import (
    FALSE_WORDS,
    MISSING_NUMBERS,
    MISSING_WORDS,
    TRUE_WORDS,
    boolean_reading,
    booleans,
    list_reading,
    members,
    spellings,
    word,
    words,
)
from automl.detect.parse.stamps import dates, plain_stamps
from automl.detect.parse.units import (
    is_bound,
    is_money,
    is_percent,
    is_unit,
    quantity,
    quantity_reading,
    related_factor,
    unlike_units,
)
from automl.detect.parse.written_dates import date_orders, date_reading, packed_numbers
from automl.detect.parse.zones import zone_of

__all__ = [
    "FALSE_WORDS",
    "MISSING_NUMBERS",
    "MISSING_WORDS",
    "TRUE_WORDS",
    "bins_reading",
    "boolean_reading",
    "booleans",
    "date_orders",
    "date_reading",
    "dates",
    "decimal_mark",
    "has_digit",
    "is_bound",
    "is_money",
    "is_percent",
    "is_unit",
    "list_reading",
    "marks",
    "members",
    "number",
    "number_reading",
    "numbers",
    "open_mark",
    "packed_numbers",
    "plain_stamps",
    "quantity",
    "quantity_reading",
    "related_factor",
    "sentinels",
    "spellings",
    "unlike_units",
    "word",
    "words",
    "zone_of",
]
