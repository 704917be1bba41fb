"""`Facts`: one flat row about one patient for one order, each value with the patient's own words behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ..values import Amount, Document

FactValue = bool | Amount | str | tuple[str, ...] | None


class Evidence(Document):
    """Where a fact was read: `origin` (answers or record, and the place), the words, and what they were read
    as. `guess`: read through a misspelling, to be confirmed. `undated`: its end is not recorded."""

    origin: str
    quote: str
    read_as: str = ""
    guess: bool = False
    since: str | None = None
    until: str | None = None
    note: str = ""


class Unread(Document):
    """Words that were not recognised; asked about, never dropped. `known`: the medicines that they name, where those
    are known by name only and nobody has judged what they do to a treatment."""

    topic: str
    origin: str
    quote: str
    known: tuple[str, ...] = ()


class Accepted(Document):
    """A medicine whose effect is not known here and of which a clinician says, for a reason, that it has none."""

    origin: str
    quote: str
    reason: str


class Contradiction(Document):
    """The record holds what the answers leave out or deny. The record's word stands until it is settled."""

    facts: tuple[str, ...]
    origin: str
    quote: str
    answered: str


class Facts(Document):
    """`values`: fact id → value, None unknown; elapsed times count to `planned`. `evidence`: fact id → words.
    `waiting`: fact id → what keeps it unknown (a list not asked, a detail missing, words not read, a word for
    several things). `answered_on`, `lapsed`: the day of the answers and the topics that are asked again since.
    `at_most`: of an elapsed or coming time that is unknown because one entry has no day, the time by the entries that
    have one: it cannot be longer. `guesses`: what was read through a misspelling, whatever it is. `accepted`: medicines
    of unknown effect that a clinician answers for."""

    asked_on: date
    planned: date
    planned_given: bool
    edition: str
    values: dict[str, Any]
    evidence: dict[str, tuple[Evidence, ...]] = {}
    waiting: dict[str, str] = {}
    at_most: dict[str, Any] = {}
    unread: tuple[Unread, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    guesses: tuple[Evidence, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    order_gaps: tuple[str, ...] = ()
    deceased: str | None = None
    answered_on: date | None = None
    lapsed: tuple[str, ...] = ()

    def __getitem__(self, fact: str) -> Any:
        return self.values.get(fact)

    @property
    def row(self) -> Mapping[str, Any]:
        """The flat row as `explain` reads it."""
        return self.values
