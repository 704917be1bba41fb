"""A condition and its readings. `explain` reads one patient with reasons, `columns` a population.

`columns` is imported by its own name, since it alone needs a dataframe library.
"""

from .condition import (
    MORE,
    All,
    AnyOf,
    Compare,
    Condition,
    ConditionError,
    Contains,
    FactKind,
    Flag,
    Not,
    OneOf,
    Unknown,
    facts_of,
    guard_of,
    parse,
    to_text,
)
from .explain import Reader, Reading, explain, reader

__all__ = [
    "MORE",
    "All",
    "AnyOf",
    "Compare",
    "Condition",
    "ConditionError",
    "Contains",
    "FactKind",
    "Flag",
    "Not",
    "OneOf",
    "Reader",
    "Reading",
    "Unknown",
    "explain",
    "facts_of",
    "guard_of",
    "parse",
    "reader",
    "to_text",
]
