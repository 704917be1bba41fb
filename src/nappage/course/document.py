"""What is answered: a Course with its sessions, reviews, conflicts and notes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from ..knowledge import Cited
from ..values import Document
from .request import PhaseName

Day = date  # `Session.date` is a field of its own


class Reason(Document):
    """A sentence, and the record and position its figure comes from; neither where it is the request's own."""

    text: str
    record: str | None = None
    position: str | None = None
    sources: tuple[Cited, ...] = ()


class Session(Document):
    """One dated session. `latest`: the last day of its published window, where it has one."""

    number: int
    date: date
    phase: PhaseName
    why: str
    moved: str | None = None
    gap_days: int | None = None  # since the session before it; none where it is proposed for an earlier day
    latest: Day | None = None
    record: str | None = None
    position: str | None = None
    sources: tuple[Cited, ...] = ()
    moved_by: tuple[Reason, ...] = ()


class Review(Document):
    """Looking at the result before going on; due on the day the next session could be."""

    after_session: int
    before_session: int | None
    due: date | None
    text: str
    record: str | None = None
    position: str | None = None
    sources: tuple[Cited, ...] = ()


class Conflict(Document):
    """What cannot be, and the nearest way out. `pair` with `gap_days` where it concerns two dates."""

    what: str
    way_out: str
    session: int | None = None
    nearest: date | None = None
    pair: tuple[date, date] | None = None
    gap_days: int | None = None
    record: str | None = None
    position: str | None = None
    sources: tuple[Cited, ...] = ()


class Adopted(Document):
    """The regimen that the dates follow, and why that one. `protocol` and `position` are None for one's own."""

    protocol: str | None
    position: str | None
    title: str
    words: str
    chosen: Literal["default", "named", "clinic", "own"]
    because: str
    evidence: str | None = None
    grade: str | None = None
    sources: tuple[Cited, ...] = ()


class Other(Document):
    """Another published regimen, in one line."""

    record: str
    position: str
    line: str
    words: str
    grade: str
    sources: tuple[Cited, ...]


Verdict = Literal["scheduled", "scheduled-with-notes", "accepted", "refused", "conflict"]


class Course(Document):
    """`sessions` are those to come (or proposed), numbered after the `given` ones; in a conflict, those before it.
    `total` counts given and coming ones, maintenance left out."""

    verdict: Verdict
    statement: str
    title: str
    language: str
    edition: str
    edition_version: str
    regimen: Adopted
    others: tuple[Other, ...]
    minimum: Reason | None
    other_minimums: tuple[Reason, ...]
    total: int
    given: tuple[date, ...]
    sessions: tuple[Session, ...]
    reviews: tuple[Review, ...]
    conflicts: tuple[Conflict, ...]
    notes: tuple[Reason, ...]


def sources_of(reasons: Iterable[Reason]) -> tuple[Cited, ...]:
    """The sources behind several reasons, each once."""
    return tuple({source.ref: source for reason in reasons for source in reason.sources}.values())
