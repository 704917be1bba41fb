"""A document as blocks: what it says and in which order, without how it looks.

`clinician` and `patient` compose a sheet from a plan; terminal, page (HTML) and pdf print one. So every
edition of a plan says the same words, and a test can read them all in one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from ..values import Document

Tone = Literal["go", "wait", "stop"]  # the accent colour, amber, red


class Said(Document):
    """Words with the keys of the sources they stand on, and the records (kind/id) that say so."""

    text: str
    refs: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    strong: bool = False


class Paragraph(Document):
    kind: Literal["paragraph"] = "paragraph"
    text: str
    refs: tuple[str, ...] = ()
    quiet: bool = False


class Notice(Document):
    """A box that must not be overlooked."""

    kind: Literal["notice"] = "notice"
    tone: Tone
    title: str
    text: str = ""


class Column(Document):
    title: str
    align: Literal["left", "right"] = "left"
    wide: bool = False  # takes the room that is left
    parts: int = Field(default=1, gt=0)  # of that room, against the parts of the other wide columns


class Table(Document):
    kind: Literal["table"] = "table"
    columns: tuple[Column, ...]
    rows: tuple[tuple[Said, ...], ...]
    note: str = ""
    long: bool = False  # left out of a summary


class Line(Document):
    label: str
    text: str
    refs: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


class Entry(Document):
    """Something with a mark (its severity, its date), a title, and labelled lines."""

    mark: str
    tone: Tone = "go"
    title: str
    records: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()


class Entries(Document):
    kind: Literal["entries"] = "entries"
    entries: tuple[Entry, ...]


class Step(Document):
    text: str
    when: str = ""
    refs: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


class Steps(Document):
    """A list of things to do; with `boxes` to be ticked by hand."""

    kind: Literal["steps"] = "steps"
    boxes: bool = False
    steps: tuple[Step, ...]


class Mark(Document):
    """A session on the strip: `at` from 0 (first day) to 1 (last day)."""

    at: float
    label: str
    day: str
    phase: str = ""


class Strip(Document):
    """The course as a line of days. `says` tells the same in words, for whoever cannot see it."""

    kind: Literal["strip"] = "strip"
    marks: tuple[Mark, ...]
    says: str


class Figure(Document):
    """A drawing: one SVG element that stands by itself, printed `width_mm` wide. `alt` says what it shows, for whoever
    cannot see it."""

    kind: Literal["figure"] = "figure"
    svg: str
    alt: str
    caption: str
    width_mm: float = Field(gt=0, le=174)


class SourceLine(Document):
    key: str
    text: str
    url: str | None = None


class SourceList(Document):
    kind: Literal["sources"] = "sources"
    sources: tuple[SourceLine, ...]


Block = Annotated[
    Paragraph | Notice | Table | Entries | Steps | Strip | Figure | SourceList, Field(discriminator="kind")
]


class Section(Document):
    title: str
    blocks: tuple[Block, ...]


class Glance(Document):
    label: str
    value: str
    note: str = ""


class Sheet(Document):
    """One edition of a plan's document. `foot` stands on every page."""

    language: str
    day: date  # the day the plan was asked for; stands in the PDF as its date
    title: str
    subtitle: str
    tone: Tone
    verdict: str
    statement: str
    glance: tuple[Glance, ...]
    sections: tuple[Section, ...]
    foot: str

    def words(self) -> Iterator[str]:
        """Every text of the sheet, in reading order."""
        yield from (self.title, self.subtitle, self.verdict, self.statement)
        for item in self.glance:
            yield from (item.label, item.value, item.note)
        for section in self.sections:
            yield section.title
            for block in section.blocks:
                yield from _words(block)
        yield self.foot


def _words(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield block.text
        case Notice():
            yield from (block.title, block.text)
        case Table():
            yield from (column.title for column in block.columns)
            yield from (cell.text for row in block.rows for cell in row)
            yield block.note
        case Entries():
            for entry in block.entries:
                yield from (entry.mark, entry.title)
                yield from (f"{line.label} {line.text}" for line in entry.lines)
        case Steps():
            yield from (f"{step.text} {step.when}" for step in block.steps)
        case Strip():
            yield block.says
        case Figure():
            yield from (block.alt, block.caption)
        case SourceList():
            yield from (f"{source.key} {source.text}" for source in block.sources)
