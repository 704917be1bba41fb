"""The knowledge in a terminal: what is believed, why, and who disagrees. Plain text, no colour."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from ..values import Document, InputError
from .edition import Edition
from .library import KINDS, Article, Key, Library, Line, Part, citations, in_words, says
from .schema import Citation, Position, Text


def listing(edition: Edition, kind: str | None, language: str = "en") -> str:
    """One line an entry: id, what it says in a few words, title. Raises InputError on a kind that is none."""
    lines = [f"edition {edition.version}, fingerprint {edition.fingerprint}"]
    library = Library(edition, language)
    for name, keys in of_kind(library, kind).items():
        lines += ["", f"{name} ({len(keys)})"]
        width = max((len(key[1]) for key in keys), default=0)
        for key in keys:
            lines.append(f"  {key[1]:<{width}}  {library.short(library.entries[key])}  {library.name(key)}")
    return "\n".join(lines)


def of_kind(library: Library, kind: str | None) -> dict[str, list[Key]]:
    """The entries of one kind, or of all. Raises InputError on a kind that is none."""
    kinds = library.kinds()
    if kind is None:
        return kinds
    if kind not in kinds:
        raise InputError(f"'{kind}'", "this is not a kind of record", f"Write one of {', '.join(KINDS)}")
    return {kind: kinds[kind]}


def page(edition: Edition, name: str | None, language: str = "en") -> str:
    """Every entry called so, by id or kind/id, in full. Raises InputError, with near names, when there is none."""
    library = Library(edition, language)
    return "\n\n".join("\n".join(_printed(library, library.article(key))) for key in library.find(name))


def _printed(library: Library, article: Article) -> Iterator[str]:
    say, edition = library.say, library.edition
    yield f"{article.id} — {say(article.title)} ({KINDS.get(article.kind, (article.kind,))[0]})"
    yield ""
    yield from _lines(library, article.lines)
    if article.when:
        yield from _wrapped("Where: ", in_words(article.when.outline))
        yield f"  written: {article.when.raw}"
    if article.source:
        yield from _cited(edition, article.source)
    for position in article.positions:
        if position.in_force:
            yield ""
            yield from _wrapped("In force: ", _sentence(position))
            yield from _position(library, position)
            yield from _wrapped("Because: ", article.because)
            if len(article.positions) > 1:
                yield from ("", "Sources that say otherwise:")
        else:
            yield from _wrapped(f"  {position.id}: ", _sentence(position), "    ")
            yield from (f"  {line}" for line in _position(library, position))
    for part in article.parts:
        yield from _part(library, part)
    for grid in article.grids:
        yield from ("", f"{grid.title}:")
        for row in grid.rows:
            yield from _wrapped("  ", " → ".join(cell for cell in row if cell), "    ")
    if article.decision:
        yield ""
        yield from _wrapped("The clinic's decision: ", article.decision)
    yield ""
    yield from _wrapped("Dossier records: ", ", ".join(article.dossier) or "none")
    if article.positions:
        yield f"Review due: {article.review_by}"
        yield f"Fingerprint for a policy's 'saw': {article.fingerprint}"


def _sentence(position: Part) -> str:
    where = f" where {in_words(position.when.outline)}" if position.when else ""
    return f"{position.mark}{where} [{position.grade}]"


def _position(library: Library, position: Part) -> Iterator[str]:
    if position.when:
        yield f"  written: {position.when.raw}"
    yield from (f"  {line}" for line in _lines(library, position.lines))
    yield from _cited(library.edition, position.source)


def _part(library: Library, part: Part) -> Iterator[str]:
    yield ""
    yield (
        part.title
        if part.title.lower() == part.id.replace("-", " ") or ": " in part.title
        else (f"{part.id} — {part.title}")
    )
    yield from _lines(library, part.lines)
    yield from _cited(library.edition, part.source)
    for inner in part.parts:
        yield from _part(library, inner)


def _lines(library: Library, lines: Iterable[Line]) -> Iterator[str]:
    for line in lines:
        yield from _wrapped(f"{line.label}: ", library.read(line))
        yield from _cited(library.edition, line.source)


def sources(edition: Edition) -> str:
    """Every source: key, how much of it was read, title, and how many positions and entries stand on it."""
    used: dict[str, int] = {}
    for entry in Library(edition).entries.values():
        for _, citation in citations(entry):
            used[citation.ref] = used.get(citation.ref, 0) + 1
    width = max(len(key) for key in edition.sources)
    return "\n".join(
        f"{key:<{width}}  {used.get(key, 0):>3} positions  {source.seen:<21}  "
        f"{source.title}{f' ({source.year})' if source.year else ''}"
        for key, source in sorted(edition.sources.items())
    )


def conflicts(edition: Edition, language: str = "en") -> str:
    """The records whose sources disagree: the position in force, then the others."""
    library, lines = Library(edition, language), []
    for conflict in conflicting(edition):
        lines += [f"{conflict.record} — {library.say(conflict.title)}"]
        for word, positions in (("in force", (conflict.in_force,)), ("against ", conflict.against)):
            for position in positions:
                when = library.when(position.when)
                where = f" where {in_words(when.outline)}" if when else ""
                refs = ", ".join(citation.ref for citation in position.source)
                lines.append(f"  {word}  {says(position)}{where} [{position.grade}] [{refs}]")
    return "\n".join(lines) or "No record has more than one position."


class Conflict(Document):
    """A record whose sources disagree, as data."""

    record: str
    title: Text
    in_force: Position
    against: tuple[Position, ...]


def conflicting(edition: Edition) -> Iterator[Conflict]:
    for record in edition.records():
        if record.dissent:
            yield Conflict(record=record.id, title=record.title, in_force=record.adopted, against=record.dissent)


def _cited(edition: Edition, cited: Iterable[Citation]) -> Iterator[str]:
    for citation in cited:
        source = edition.sources[citation.ref]
        says = f": {citation.says}" if citation.says else ""
        year = f", {source.year}" if source.year else ""
        yield from _wrapped(
            f"  {citation.ref}{says}. ", f"{source.title}{year} ({source.seen.replace('-', ' ')})", "    "
        )


def _wrapped(head: str, text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(f"{head}{text}", 110, subsequent_indent=indent, break_on_hyphens=False)
