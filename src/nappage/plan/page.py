"""A sheet → one HTML file: no script, nothing loaded from elsewhere, prints on A4, reads on a telephone.

Where the caller says where the reference site lies, each finding, ceiling and protocol links to its record there.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

from ..knowledge.site import url
from .sheet import Block, Entries, Entry, Figure, Notice, Paragraph, Section, Sheet, SourceList, Steps, Strip, Table

_TEMPLATE = Path(__file__).with_name("page.html")


def html(sheet: Sheet, reference: str | None = None) -> str:
    """The whole page as text, to be written as UTF-8; `reference` is the way from it to the site's folder."""
    listed = frozenset(
        source.key
        for section in sheet.sections
        for block in section.blocks
        if isinstance(block, SourceList)
        for source in block.sources
    )
    printer = _Printer(listed, reference)
    body = [printer.head(sheet), *map(printer.section, sheet.sections), f"<footer>{escape(sheet.foot)}</footer>"]
    return Template(_TEMPLATE.read_text("utf-8")).substitute(
        language=escape(sheet.language), title=escape(sheet.title), body="\n".join(body)
    )


def _banner(sheet: Sheet) -> str:
    """What the sheet comes to; a sheet without a verdict only says its words."""
    if not sheet.verdict:
        return f"<p><strong>{escape(sheet.statement)}</strong></p>\n"
    return (
        f'<div class="banner {sheet.tone}" role="status"><strong>{escape(sheet.verdict)}</strong>'
        f"<p>{escape(sheet.statement)}</p></div>\n"
    )


class _Printer:
    """Blocks as HTML. A source key links to its line in the list, where the sheet has one."""

    def __init__(self, listed: frozenset[str], reference: str | None) -> None:
        self.listed, self.reference = listed, reference

    def head(self, sheet: Sheet) -> str:
        glance = "".join(
            f"<div><dt>{escape(item.label)}</dt><dd>{escape(item.value)}"
            + (f"<small>{escape(item.note)}</small>" if item.note else "")
            + "</dd></div>"
            for item in sheet.glance
        )
        return (
            f"<header><h1>{escape(sheet.title)}</h1><p>{escape(sheet.subtitle)}</p></header>\n"
            f"{_banner(sheet)}"
            f'<dl class="glance">{glance}</dl>'
        )

    def section(self, section: Section) -> str:
        blocks = "\n".join(map(self.block, section.blocks))
        return f"<section><h2>{escape(section.title)}</h2>\n{blocks}</section>"

    def block(self, block: Block) -> str:
        match block:
            case Paragraph():
                name = ' class="quiet"' if block.quiet else ""
                return f"<p{name}>{escape(block.text)}{self.refs(block.refs)}</p>"
            case Notice():
                text = f"<p>{escape(block.text)}</p>" if block.text else ""
                return f'<div class="notice {block.tone}"><strong>{escape(block.title)}</strong>{text}</div>'
            case Table():
                return self.table(block)
            case Entries():
                return "".join(map(self.entry, block.entries))
            case Steps():
                return self.steps(block)
            case Strip():
                return _strip(block)
            case Figure():
                return (
                    f'<figure class="drawing" style="width:{block.width_mm:g}mm">{block.svg}'
                    f"<figcaption>{escape(block.caption)}</figcaption></figure>"
                )
            case SourceList():
                lines = "".join(
                    f'<li id="source-{escape(s.key)}"><b>{escape(s.key)}</b><span>{escape(s.text)}'
                    + (f' <a href="{escape(s.url)}">{escape(_shown(s.url))}</a>' if s.url else "")
                    + "</span></li>"
                    for s in block.sources
                )
                return f'<ul class="sources">{lines}</ul>'

    def refs(self, keys: Iterable[str]) -> str:
        shown = [
            f'<a class="ref" href="#source-{escape(key)}">[{escape(key)}]</a>'
            if key in self.listed
            else f'<span class="ref">[{escape(key)}]</span>'
            for key in keys
        ]
        return "".join(f" {ref}" for ref in shown)

    def records(self, records: Iterable[str]) -> str:
        """Links to records of the reference site, by their ids; nothing where nobody said where it lies."""
        if self.reference is None:
            return ""
        links = []
        for record in records:
            kind, _, name = record.partition("/")
            links.append(f' <a class="ref" href="{escape(f"{self.reference}/{url(kind, name)}")}">{escape(name)}</a>')
        return "".join(links)

    def table(self, table: Table) -> str:
        heads = "".join(f'<th scope="col" class="{c.align}">{escape(c.title)}</th>' for c in table.columns)
        rows = []
        for row in table.rows:
            cells = []
            for column, cell in zip(table.columns, row, strict=True):
                name = column.align if cell.text else f"{column.align} empty"
                text = f"<b>{escape(cell.text)}</b>" if cell.strong else escape(cell.text)
                cells.append(
                    f'<td class="{name}" data-title="{escape(column.title)}">'
                    f"<span>{text}{self.refs(cell.refs)}{self.records(cell.records)}</span></td>"
                )
            rows.append(f"<tr>{''.join(cells)}</tr>")
        note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
        whole = sum(column.parts for column in table.columns)
        shares = (f'<col style="width:{100 * column.parts / whole:.0f}%">' for column in table.columns)
        group = f"<colgroup>{''.join(shares)}</colgroup>" if whole > len(table.columns) else ""
        return f"<table>{group}<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>{note}"

    def entry(self, entry: Entry) -> str:
        lines = "".join(
            f"<dt>{escape(line.label)}</dt>"
            f"<dd>{escape(line.text)}{self.refs(line.refs)}{self.records(line.records)}</dd>"
            for line in entry.lines
        )
        title = f"{escape(entry.title)}{self.records(entry.records)}"
        mark = f'<span class="mark">{escape(entry.mark)}</span>' if entry.mark else ""
        return f'<div class="entry {entry.tone}">{mark}<h3>{title}</h3><dl>{lines}</dl></div>'

    def steps(self, block: Steps) -> str:
        lines = "".join(
            f"<li>{escape(step.text)}"
            + (f' <span class="when">{escape(step.when)}</span>' if step.when else "")
            + f"{self.refs(step.refs)}{self.records(step.records)}</li>"
            for step in block.steps
        )
        name = "steps boxes" if block.boxes else "steps"
        return f'<ul class="{name}">{lines}</ul>'


def _shown(url: str) -> str:
    """A link's text: the host, so that a print still tells where to look."""
    return url.split("://", 1)[-1].split("/", 1)[0]


def _strip(strip: Strip) -> str:
    """The course drawn as a line of days, wide and narrow; the words stand in the title."""
    return (
        f'<figure role="img" aria-label="{escape(strip.says)}">'
        f"{_drawing(strip, 880, 'strip-wide')}{_upright(strip, 'strip-narrow')}</figure>"
    )


def _drawing(strip: Strip, width: int, name: str) -> str:
    left, right = 46, width - 46
    parts = [
        f'<svg class="{name}" viewBox="0 0 {width} 92" aria-hidden="true" font-family="inherit">',
        f'<line x1="{left}" y1="46" x2="{right}" y2="46" stroke="#b9c6cc" stroke-width="2"/>',
    ]
    taken: list[float] = []
    for mark in strip.marks:
        x = left + (right - left) * mark.at
        parts.append(_dot(mark.phase, x, 46))
        parts.append(_word(x, 26, mark.label, "#1c262d", 600))
        # A day whose words would touch the last ones goes one line lower.
        y = 72 if not taken or x - taken[-1] > 78 else 88
        parts.append(_word(x, y, mark.day, "#5b6870", 400))
        if y == 72:
            taken.append(x)
    return "".join([*parts, "</svg>"])


def _upright(strip: Strip, name: str) -> str:
    """The same for a narrow screen: days downwards."""
    height = 34 * len(strip.marks) + 8
    parts = [
        f'<svg class="{name}" viewBox="0 0 330 {height}" aria-hidden="true" font-family="inherit">',
        f'<line x1="16" y1="17" x2="16" y2="{height - 21}" stroke="#b9c6cc" stroke-width="2"/>',
    ]
    for number, mark in enumerate(strip.marks):
        y = 17 + 34 * number
        parts.append(_dot(mark.phase, 16, y))
        parts.append(_word(40, y + 5, mark.label, "#1c262d", 600, "start"))
        parts.append(_word(326, y + 5, mark.day, "#5b6870", 400, "end"))
    return "".join([*parts, "</svg>"])


def _dot(phase: str, x: float, y: float) -> str:
    filled = "#fff" if phase == "maintenance" else "#0b4f6c"
    return f'<circle cx="{x:.1f}" cy="{y}" r="7" fill="{filled}" stroke="#0b4f6c" stroke-width="2.5"/>'


def _word(x: float, y: float, text: str, colour: str, weight: int, anchor: str = "middle") -> str:
    return (
        f'<text x="{x:.1f}" y="{y}" font-size="13" font-weight="{weight}" fill="{colour}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )
