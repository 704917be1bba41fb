"""A citation as a document prints it: with its source's title, so that the document stands by itself."""

from __future__ import annotations

from collections.abc import Iterable

from ..values import Document
from .edition import Edition
from .schema import Citation


class Cited(Document):
    """A source as it is printed: key, title, place, what it says, how much of it was read."""

    ref: str
    title: str
    at: str = ""
    says: str = ""
    url: str | None = None
    year: int | None = None
    seen: str = ""


def cited(edition: Edition, citations: Iterable[Citation]) -> tuple[Cited, ...]:
    """Citations with their sources' titles, for a document that must stand by itself."""
    return tuple(
        Cited(
            ref=c.ref,
            at=c.at,
            says=c.says,
            title=(source := edition.sources[c.ref]).title,
            url=source.url,
            year=source.year,
            seen=source.seen,
        )
        for c in citations
    )


def grouped(citations: Iterable[Citation | Cited]) -> dict[str, tuple[str, ...]]:
    """What sources say → the keys of those who say it, in order; those without words are left out."""
    out: dict[str, tuple[str, ...]] = {}
    for citation in citations:
        if citation.says:
            out[citation.says] = (*out.get(citation.says, ()), citation.ref)
    return out


def said_by(citations: Iterable[Citation | Cited]) -> str:
    """One line: what is said, and by whom; "2 weeks (MNSISU, CGATE); 3 months (MNBAL)"."""
    return "; ".join(f"{says} ({', '.join(refs)})" for says, refs in grouped(citations).items())
