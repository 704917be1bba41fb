"""What the project was founded on, piece by piece, and what carries it: two clinical dossiers and five articles.

A piece is carried by whatever names it in `records` (a dossier's) or is named by it (an article's statement, which the
carrier must cite), or it is left out with a reason. Anything else is a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from ..values import Document
from .edition import DATA, Edition, read_yaml
from .schema import Citation

Origin = Literal["safety", "protocols", "articles"]


class Piece(Document):
    """One record of a dossier, or one statement of an article. `fault`: why what is named does not carry it."""

    id: str
    origin: Origin
    says: str
    carried_by: tuple[str, ...] = ()  # kind/id
    left_out: str | None = None
    fault: str | None = None

    @property
    def missing(self) -> bool:
        return self.fault is not None or not (self.carried_by or self.left_out)


def coverage(edition: Edition, data: Path = DATA) -> tuple[Piece, ...]:
    """Every piece in the order of its origin."""
    return (*_dossiers(edition, data / "coverage"), *_articles(edition, data / "coverage"))


def summary(pieces: tuple[Piece, ...]) -> str:
    """A line for each piece: its id, and what carries it or why it is left out; the counts last."""
    lines = []
    for piece in pieces:
        fate = ", ".join(piece.carried_by) or (f"left out: {piece.left_out}" if piece.left_out else "MISSING")
        lines.append(f"{piece.id}  {fate}" + (f"  FAULT: {piece.fault}" if piece.fault else ""))
    for origin, title in (
        ("safety", "safety dossier"),
        ("protocols", "dossier of protocols"),
        ("articles", "articles"),
    ):
        of = [piece for piece in pieces if piece.origin == origin]
        carried = sum(bool(p.carried_by) and not p.missing for p in of)
        lines.append(
            f"{title}: {len(of)}, of which {carried} carried, "
            f"{sum(not p.carried_by and not p.missing for p in of)} left out, {sum(p.missing for p in of)} missing"
        )
    return "\n".join(lines)


def unknown(edition: Edition, data: Path = DATA) -> tuple[str, ...]:
    """Dossier ids that an entry says it carries, and that are none."""
    known = {piece.id for piece in coverage(edition, data)}
    return tuple(
        f"{kind}/{entry_id}: carries '{record}', which is no record of a dossier"
        for kind, entry_id, entry in edition.everything()
        for record in getattr(entry, "records", ())
        if record not in known
    )


def _dossiers(edition: Edition, folder: Path) -> Iterator[Piece]:
    carriers: dict[str, list[str]] = {}
    for kind, entry_id, entry in edition.everything():
        for record in getattr(entry, "records", ()):
            carriers.setdefault(record, []).append(f"{kind}/{entry_id}")
    left_out: Mapping[str, str] = read_yaml(folder / "left_out.yaml")
    origins: tuple[Origin, ...] = ("safety", "protocols")
    for origin in origins:
        for record, says in read_yaml(folder / f"{origin}.yaml").items():
            carried, reason = tuple(carriers.get(record, ())), left_out.get(record)
            both = "it is left out, and yet carried" if carried and reason else None
            yield Piece(id=record, origin=origin, says=says, carried_by=carried, left_out=reason, fault=both)


# How an article's statement names the kind of what carries it.
_KINDS = {
    "rule": "rules", "value": "values", "technique": "techniques", "protocol": "protocols", "risk": "risks",
    "product": "products", "alternative": "alternatives", "price": "prices", "scale": "scales",
}  # fmt: skip


def _articles(edition: Edition, folder: Path) -> Iterator[Piece]:
    entries = {(kind, entry_id): entry for kind, entry_id, entry in edition.everything()}
    for statement in read_yaml(folder / "articles.yaml"):
        article = f"SEED{statement['article'][:3]}"
        carried, fault = [], None
        for carrier in statement.get("carried_by", ()):
            word, _, entry_id = carrier.partition("/")
            kind = _KINDS.get(word, word)
            carried.append(f"{kind}/{entry_id}")
            if (kind, entry_id) not in entries:
                fault = f"there is no {kind}/{entry_id}"
            elif article not in {citation.ref for citation in _citations(entries[kind, entry_id])}:
                fault = f"{kind}/{entry_id} does not cite {article}"
        yield Piece(
            id=statement["id"],
            origin="articles",
            says=statement["says"],
            carried_by=tuple(carried),
            left_out=statement.get("rejected"),
            fault=fault,
        )


def _citations(entry: Document) -> Iterator[Citation]:
    for holder in getattr(entry, "positions", (entry,)):
        found: Iterable[Citation] = getattr(holder, "sources", ()) or getattr(holder, "source", ())
        yield from found
