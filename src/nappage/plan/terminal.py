"""A sheet in a terminal, by rich: the same words as the page and the PDF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.box import HORIZONTALS, ROUNDED
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from .sheet import Block, Entries, Entry, Figure, Notice, Paragraph, Sheet, SourceList, Steps, Strip, Table
from .words import Words

_COLOURS = {"go": "cyan", "wait": "yellow", "stop": "red"}


def show(sheet: Sheet) -> None:
    """Print a sheet to standard output, as wide as the terminal (at most 120 columns)."""
    console = _console()
    console.print(
        Text(sheet.title, style="bold"), Text(sheet.subtitle, style="dim"), sep="\n" if sheet.subtitle else ""
    )
    if sheet.verdict:
        title = Text(sheet.verdict, style=f"bold {_COLOURS[sheet.tone]}")
        console.print(Panel(Group(title, Text(sheet.statement)), border_style=_COLOURS[sheet.tone], box=ROUNDED))
    else:
        console.print(Text(sheet.statement, style="bold"))
    if sheet.glance:
        grid = Grid.grid(padding=(0, 2))
        for item in sheet.glance:
            grid.add_row(Text(item.label, style="dim"), Text(item.value, style="bold"), Text(item.note, style="dim"))
        console.print(grid)
    for section in sheet.sections:
        console.print()
        console.print(Text(section.title, style="bold underline"))
        for block in section.blocks:
            for part in _block(block):
                console.print(part)
    console.print()
    console.print(Text(sheet.foot, style="dim"))


def show_written(written: Mapping[str, Path], say: Words) -> None:
    """Where the documents are. Of drawings, the first stands for the others beside it."""
    drawings = [name for name in written if name.endswith(".svg")]
    console = _console()
    console.print(Text(say("written"), style="bold"))
    for name, path in written.items():
        if name in drawings[1:]:
            continue
        key = "file-drawings" if name in drawings else f"file-{name.replace('.', '-')}"
        line = Text(f"{path}  ") + Text(say(key), style="dim")
        console.print(line, soft_wrap=True)


def _console() -> Console:
    console = Console(highlight=False, soft_wrap=False)
    if console.width > 120 or not console.is_terminal:
        console.width = min(max(console.width, 100), 120)
    return console


def _block(block: Block) -> Iterator[RenderableType]:
    match block:
        case Paragraph():
            yield Text(block.text, style="dim" if block.quiet else "")
        case Notice():
            yield Text(block.title, style=f"bold {_COLOURS[block.tone]}")
            if block.text:
                yield Text(block.text)
        case Table():
            yield _table(block)
        case Entries():
            for entry in block.entries:
                yield from _entry(entry)
        case Steps():
            grid = Grid.grid(padding=(0, 1))
            for step in block.steps:
                grid.add_row(
                    Text("[ ]" if block.boxes else " -", style="dim"), Text(f"{step.text} {step.when}".strip())
                )
            yield grid
        case Figure():
            yield Text(block.caption, style="dim")
        case Strip() | SourceList():
            return


def _table(table: Table) -> Grid:
    grid = Grid(box=HORIZONTALS, header_style="dim", show_edge=False, pad_edge=False)
    for column in table.columns:
        ratio = column.parts if column.wide else None
        grid.add_column(Text(column.title), justify=column.align, ratio=ratio, overflow="fold")
    for row in table.rows:
        grid.add_row(
            *(
                Text(cell.text, style="bold" if cell.strong else "")
                + Text("".join(f" [{key}]" for key in cell.refs), style="dim")
                for cell in row
            )
        )
    if any(column.wide for column in table.columns):
        grid.expand = True
    return grid


def _entry(entry: Entry) -> Iterator[RenderableType]:
    head = Text(f"{entry.mark}  ", style=_COLOURS[entry.tone]) + Text(entry.title, style="bold")
    yield head
    grid = Grid.grid(padding=(0, 2))
    grid.add_column(min_width=18, style="dim")
    grid.add_column()
    for line in entry.lines:
        grid.add_row(
            Text(f"  {line.label}"), Text(line.text) + Text("".join(f" [{key}]" for key in line.refs), style="dim")
        )
    yield grid
