"""Every entry of an edition as an article: what it says, on whose word, who disagrees, what it refers to.

An article is composed once, by its fields rather than by its kind, so that a new kind of record needs nothing here;
`pages` prints it as plain text, `site` as a page.
"""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from ..rules import (
    All,
    AnyOf,
    Compare,
    Condition,
    ConditionError,
    Contains,
    Flag,
    Not,
    OneOf,
    Unknown,
    facts_of,
)  # fmt: skip
from ..values import Document, InputError, plain
from .edition import Edition, fingerprint_of
from .schema import (
    Alternative,
    Blebs,
    Citation,
    Compatibility,
    Concept,
    Content,
    Danger,
    Evidence,
    Figure,
    FigureRange,
    PointSet,
    Position,
    Price,
    Product,
    Reach,
    Region,
    Risk,
    Rule,
    Scale,
    SkinSite,
    SkinThickness,
    Substance,
    Technique,
    Text,
    ThicknessSet,
    TriageRule,
    ValueRecord,
    Wait,
    _Record,
)  # fmt: skip

Key = tuple[str, str]  # kind, id
Tone = Literal["go", "wait", "stop"]

# Kind → what one is called, what several are called, what they tell.
KINDS: Mapping[str, tuple[str, str, str]] = {
    "rules": ("rule", "Rules", "Who may be treated, when, and with what."),
    "values": ("limit", "Limits", "Ceilings, spacings, depths and waiting periods."),
    "protocols": ("protocol", "Protocols", "Published courses: how many sessions, how far apart."),
    "advice": ("advice", "Advice", "The lines of the patient's sheet."),
    "triage": ("triage rule", "Triage", "What a report after a session means, and how soon it is seen."),
    "evidence": ("finding", "Evidence", "What publications found, with their figures."),
    "risks": ("risk", "Risks", "What consent names, and how often it happens."),
    "alternatives": ("alternative", "Alternatives", "What else could be done, doing nothing among it."),
    "prices": ("price", "Prices", "What was asked for something, somewhere."),
    "scales": ("scale", "Scales", "Ways to measure skin, hair, pain and satisfaction."),
    "techniques": ("technique", "Techniques", "How it is injected: depth, volume, spacing."),
    "products": ("product", "Products", "What has a label, and what the label says is in it."),
    "substances": ("substance", "Substances", "Ingredients of a mixture."),
    "regions": ("area", "Areas", "Where it is injected, and where an area ends."),
    "danger": ("danger zone", "Danger zones", "Where one does not inject, or only knowingly."),
    "point_sets": ("set of points", "Point sets", "Single named points, injected together."),
    "indications": ("indication", "Indications", "What is treated."),
    "compatibility": ("pair", "Compatibility", "Two substances in one syringe."),
    "thickness": ("set of thicknesses", "Skin thickness", "How thick the skin is, by publication."),
    "blebs": ("law", "Blebs", "How wide a bleb its volume raises."),
}

# Which field names an entry of which kind.
_REFERS = {
    "indications": "indications", "areas": "regions", "techniques": "techniques", "products": "products",
    "substances": "substances", "substance": "substances", "pair": "substances", "parent": "regions",
    "of": "alternatives", "at": "regions", "lent_to": "regions", "salt_of": "substances", "only_in": "regions",
    "ask": "facts", "since": "facts", "after": "facts",
}  # fmt: skip
# Which fact's words name an entry of which kind.
_WORDS_OF = {
    "ingredients": "substances", "excipients": "substances", "technique": "techniques", "indication": "indications",
    "areas": "regions", "products": "products",
}  # fmt: skip
_CONDITIONS = ("when", "only_if")
_ABOUT = ("substances", "products", "techniques", "regions", "indications")  # what a limit may be about
_TOLD = frozenset(
    {"id", "title", "records", "source", "positions", "adopts", "because", "review_by", "examples", "vectors", "when"}
)  # told elsewhere in the article
_LABELS = {
    "do": "To do", "tell": "To tell the patient", "says": "What it says", "at": "Measured in", "of": "Price of",
    "names": "Also called", "is_a": "Is a", "contents": "Holds", "not_for": "Not for", "per": "For each",
    "people": "Number of people", "against": "Compared with", "mixable": "May be mixed", "ctcae": "CTCAE grade",
    "refuse_beyond": "Refused past the position", "only_in": "Only in", "salt_of": "Salt of", "lent_to": "Lent to",
    "missed": "A missed session", "depth_is": "The published depth is",
    "prescribed": "Speaks of something that may be prescribed", "reportable": "Reported to a regulator",
    "checklist": "Checked at every session; not a finding about this patient",
}  # fmt: skip
_UNITS = {"mm": "mm", "ml": "mL", "deg": "°", "cm2": "cm²", "hours": "hours"}
_COUNTED = ("day", "week", "month", "hour", "minute", "session", "point", "year")
_SPREAD = ("epidermis_mm", "dermis_mm", "skin_mm")  # two numbers there are mean and standard deviation
_KEBAB = re.compile(r"[a-z]+(-[a-z0-9]+)+")  # a word of the schema, as `moves-the-rest`
_OPS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "==": "is", "!=": "is not"}
_INVERSE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_TONES: Mapping[str, Tone] = {
    "absolute-contraindication": "stop", "deferral": "wait", "relative-contraindication": "wait", "precaution": "wait",
    "emergency": "stop", "same-day-review": "wait", "incompatible": "stop",
}  # fmt: skip


class Line(Document):
    """A labelled text, or words made here (`said`), with the entries it names and the sources of its own."""

    label: str
    text: Text | None = None
    said: str = ""
    to: tuple[Key, ...] = ()
    source: tuple[Citation, ...] = ()


class Outline(Document):
    """A condition in words: a leaf over one fact, or a heading over parts."""

    says: str
    fact: str | None = None
    parts: tuple[Outline, ...] = ()


class When(Document):
    """A condition as it is written and as it is read."""

    raw: str
    outline: Outline


class Part(Document):
    """A piece with sources of its own: a position, a point, a measured distance."""

    id: str
    title: str
    mark: str = ""
    tone: Tone = "go"
    in_force: bool = False
    grade: str = ""
    when: When | None = None
    lines: tuple[Line, ...] = ()
    source: tuple[Citation, ...] = ()
    parts: tuple[Part, ...] = ()


class Grid(Document):
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def filled(self) -> Grid:
        """The same without columns that are empty throughout."""
        kept = [i for i in range(len(self.columns)) if any(row[i] for row in self.rows)]
        rows = tuple(tuple(row[i] for i in kept) for row in self.rows)
        return Grid(title=self.title, columns=tuple(self.columns[i] for i in kept), rows=rows)


class Article(Document):
    """An entry in full. `short` is what it says in a few words; `source` what it says stands on, where it has no
    positions."""

    kind: str
    id: str
    title: Text
    short: str
    tone: Tone
    lines: tuple[Line, ...] = ()
    when: When | None = None
    positions: tuple[Part, ...] = ()  # the one in force first
    because: str = ""
    decision: str = ""
    grids: tuple[Grid, ...] = ()
    parts: tuple[Part, ...] = ()
    source: tuple[Citation, ...] = ()
    dossier: tuple[str, ...] = ()
    review_by: date | None = None
    fingerprint: str


class Library:
    """An edition's entries by kind and id, as articles in a language."""

    def __init__(self, edition: Edition, language: str = "en") -> None:
        self.edition, self.language = edition, language
        self.entries: dict[Key, Document] = {(kind, entry_id): entry for kind, entry_id, entry in edition.everything()}
        # Two more that have sources, though no record of a dossier.
        self.entries["thickness", "tip"] = edition.thickness.tip_sd_mm
        self.entries["blebs", "law"] = edition.blebs

    def kinds(self) -> dict[str, list[Key]]:
        """Kind → its keys; every known kind is there, though it may be empty."""
        out: dict[str, list[Key]] = {kind: [] for kind in KINDS}
        for key in self.entries:
            out.setdefault(key[0], []).append(key)
        return out

    def find(self, name: str | None) -> tuple[Key, ...]:
        """The entries called so, by id or kind/id; several kinds may share an id. Raises InputError, with near ids."""
        kind, _, entry_id = (name or "").rpartition("/")
        found = tuple(key for key in self.entries if key[1] == entry_id and kind in ("", key[0]))
        if not found:
            known = list(dict.fromkeys(key[1] for key in self.entries))
            near = [i for i in known if entry_id and entry_id in i][:5]
            near = near or difflib.get_close_matches(entry_id, known, 5, 0.4)
            hint = f"Near it: {', '.join(near)}" if near else "See nappage knowledge list"
            raise InputError(f"'{name or ''}'", "no record is called so", hint)
        return found

    def say(self, text: Text) -> str:
        return self.edition.text(text, self.language)

    def read(self, line: Line) -> str:
        """A line's words."""
        return self.say(line.text) if line.text else line.said

    def title(self, key: Key) -> Text:
        """What an entry is called."""
        entry = self.entries[key]
        title = getattr(entry, "title", None)
        match entry:
            case Evidence():
                return {code: textwrap.shorten(says, 110, placeholder=" …") for code, says in entry.says.items()}
            case Compatibility():
                return {"en": " with ".join(self.name(("substances", one)) for one in entry.pair)}
            case Figure():
                return {"en": "How exactly a free hand places a tip"}
            case Blebs():
                return {"en": "The law of the bleb"}
            case Concept() if not title:
                return {"en": spelt(key[1]).capitalize()}
        return {"en": title} if isinstance(title, str) else title or {"en": key[1]}

    def name(self, key: Key) -> str:
        """An entry's or fact's title in the library's language; of what is none, its id in words."""
        if key[0] == "facts" and key[1] in self.edition.facts:
            return self.say(self.edition.facts[key[1]].title)
        return self.say(self.title(key)) if key in self.entries else key[1].replace("-", " ").replace("_", " ")

    # --- what an entry names --------------------------------------------------------------------------------------

    def refs(self, entry: Document) -> tuple[Key, ...]:
        """The entries and facts that an entry names, in its fields and in the words of its conditions."""
        found: dict[Key, None] = {}
        for field, word in _leaves(entry):
            if field in _CONDITIONS:
                found.update(dict.fromkeys(self._condition_refs(word)))
            elif field == "about" and isinstance(entry, ValueRecord):
                found.update(dict.fromkeys((kind, word) for kind in _ABOUT))
            elif field in _REFERS:
                found[_REFERS[field], word] = None
        return tuple(key for key in found if self.there(key))

    def there(self, key: Key) -> bool:
        return key in self.entries or (key[0] == "facts" and key[1] in self.edition.facts)

    def _condition_refs(self, text: str) -> Iterator[Key]:
        try:
            tree = self.edition.condition(text)
        except ConditionError:
            return  # `knowledge check` names it
        yield from (("facts", fact) for fact in sorted(facts_of(tree)))
        for fact, words in _words_in(tree):
            if fact in _WORDS_OF:
                yield from ((_WORDS_OF[fact], word) for word in words)

    # --- conditions -----------------------------------------------------------------------------------------------

    def when(self, text: str | None) -> When | None:
        if not text:
            return None
        raw = " ".join(text.split())
        try:
            return When(raw=raw, outline=self.outline(self.edition.condition(text)))
        except ConditionError:
            return When(raw=raw, outline=Outline(says=raw))

    def outline(self, tree: Condition, no: bool = False) -> Outline:
        """A condition, or (`no`) its negation, in words."""
        match tree:
            case Not(term):
                return self.outline(term, not no)
            case All(terms):
                return Outline(says="not all of" if no else "all of", parts=tuple(map(self.outline, terms)))
            case AnyOf(terms):
                return Outline(says="none of" if no else "any of", parts=tuple(map(self.outline, terms)))
        title, fact = self.name(("facts", tree.fact)), tree.fact
        match tree:
            case Flag():
                return Outline(says=f"not: {title}" if no else title, fact=fact)
            case Unknown():
                return Outline(says=f"{'known' if no else 'not known'}: {title}", fact=fact)
            case Compare(_, op, value):
                unit = self.edition.facts[fact].unit
                amount = self._word(fact, value)
                if unit and isinstance(value, Decimal):
                    amount += f" {unit}" if value == 1 or len(unit) < 3 or unit.endswith("s") else f" {unit}s"
                return Outline(says=f"{title} {_OPS[_INVERSE[op] if no else op]} {amount}", fact=fact)
            case OneOf(_, values):
                words = _listed([self._word(fact, value) for value in values], "or")
                return Outline(says=f"{title} {'is not' if no else 'is'} {words}", fact=fact)
            case Contains(_, value):
                return Outline(says=f"{self._word(fact, value)} {'not ' if no else ''}among {title}", fact=fact)

    def _word(self, fact: str, value: object) -> str:
        if isinstance(value, Decimal):
            return plain(value)
        key = (_WORDS_OF.get(fact, ""), str(value))
        return self.name(key) if key in self.entries else f"“{value}”"

    # --- articles -------------------------------------------------------------------------------------------------

    def article(self, key: Key) -> Article:
        """An entry in full."""
        entry = self.entries[key]
        lines, parts = self._described(entry)
        when = getattr(entry, "when", None)
        positions: tuple[Part, ...] = ()
        decision = None
        if isinstance(entry, _Record):
            positions = tuple(self._position(entry, p) for p in (entry.adopted, *entry.dissent))
            decision = self.edition.decisions.get(entry.id)
        return Article(
            kind=key[0],
            id=key[1],
            title=self.title(key),
            short=self.short(entry),
            tone=positions[0].tone if positions else _TONES.get(getattr(entry, "verdict", ""), "go"),
            lines=tuple(lines),
            when=self.when(when),
            positions=positions,
            because=getattr(entry, "because", ""),
            decision=f"{decision.adopts}: {decision.reason} ({decision.decided_by}, {decision.decided_on})"
            if decision
            else "",
            grids=tuple(self._grids(entry)),
            parts=tuple(parts),
            source=() if isinstance(entry, _Record | Blebs) else tuple(getattr(entry, "source", ())),
            dossier=tuple(getattr(entry, "records", ())),
            review_by=getattr(entry, "review_by", None),
            fingerprint=fingerprint_of(entry),
        )

    def _position(self, record: _Record, position: Position) -> Part:
        lines = []
        if position.wait:
            lines.append(Line(label="Until", said=self._wait(position.wait)))
        if position.note:
            lines.append(Line(label="Note", said=position.note))
        if position.valid.since or position.valid.until:
            span = f"{position.valid.since or 'ever'} to {position.valid.until or 'now'}"
            lines.append(Line(label="Valid", said=span))
        lines += [Line(label="Review", text=phase.review) for phase in position.phases if phase.review]
        return Part(
            id=position.id,
            title=position.id,
            mark=says(position),
            tone=_TONES.get(position.says or position.level or "", "go"),
            in_force=position.id == record.adopts,
            grade=spelt(position.grade),
            when=self.when(position.when),
            lines=tuple(lines),
            source=position.source,
        )

    def _wait(self, wait: Wait) -> str:
        length = " ".join(
            f"{count} {unit}{'' if count == 1 else 's'}"
            for count, unit in ((wait.months, "month"), (wait.days, "day"))
            if count
        )
        if not length:
            return self.say(wait.text or {"en": ""}).removeprefix("until ")
        anchor = wait.since or wait.after or ""
        counted = f"{length} on “{self.name(('facts', anchor))}”"
        return f"{counted}: {self.say(wait.text)}" if wait.text else counted

    def _described(self, document: Document) -> tuple[list[Line], list[Part]]:
        """A document's fields as lines, and what has sources of its own as parts."""
        lines: dict[str, Line] = {}
        parts: list[Part] = []
        sources: dict[str, tuple[Citation, ...]] = {}
        for field in type(document).model_fields:
            value = getattr(document, field)
            if field == "may_enter":
                may = "may be entered for a reason that the clinician gives" if value else "may not be entered"
                lines[field] = Line(label="Points", said=f"It {may}.")
            elif field in _TOLD or value is None or value is False or value in ((), {}, ""):
                continue
            elif field.endswith("_source"):
                sources[field.removesuffix("_source")] = (value,) if isinstance(value, Citation) else value
            elif field == "sites":
                continue  # a grid
            elif isinstance(value, Document):
                parts.append(self._part(field, value))
            elif isinstance(value, dict) and all(isinstance(child, Document) for child in value.values()):
                parts += [self._part(name, child) for name, child in value.items()]
            else:
                lines[field] = self._line(document, field, value)
        for stem, citations in sources.items():
            at = next((field for field in lines if field.startswith(stem)), None)
            line = lines[at] if at else Line(label=_label(stem))
            lines[at or stem] = line.model_copy(update={"source": citations})
        return list(lines.values()), parts

    def _line(self, document: Document, field: str, value: Any) -> Line:
        if _is_text(value):
            return Line(label=_label(field), text=value)
        if isinstance(value, tuple) and value and all(map(_is_text, value)):
            return Line(label=_label(field), said="; ".join(self.say(one) for one in value))
        to: tuple[Key, ...] = ()
        kind = _REFERS.get(field)
        words = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()
        if field == "about" and isinstance(document, ValueRecord):
            to = tuple((kind, value) for kind in _ABOUT if (kind, value) in self.entries)[:1]
        elif kind:
            to = tuple((kind, w) for w in words if isinstance(w, str) and self.there((kind, w)))
        if all(isinstance(one, Content) for one in words) and words:
            to = tuple(key for one in words if self.there(key := ("substances", one.substance)))
            said = "; ".join(map(self._content, words))
        elif to and len(to) == len(words):
            said = ", ".join(self.name(key) for key in to)
        elif isinstance(value, dict):
            said = "; ".join(f"{name.upper()}: {_shown(codes)}" for name, codes in value.items())
        else:
            said = _shown(value, spread=field in _SPREAD)
            said = spelt(said) if said == "rct" or _KEBAB.fullmatch(said) else said
        unit = _UNITS.get(field.rpartition("_")[2], "") if "_" in field else ""
        return Line(label=_label(field), said=f"{said} {unit}".strip().replace(" °", "°"), to=to)

    def _content(self, content: Content) -> str:
        amount = f"{plain(content.amount)} {content.unit or ''}" if content.amount is not None else "amount not stated"
        return f"{self.name(('substances', content.substance))} {amount}".strip()

    def _part(self, name: str, document: Document) -> Part:
        title = self.say(document.title) if _is_text(getattr(document, "title", None)) else _label(name)  # type: ignore[attr-defined]
        source = tuple(getattr(document, "source", ()))
        match document:
            case Reach(mm=(low, high)):
                span = plain(low) if low == high else f"{plain(low)} to {plain(high)}"
                return Part(id=name, title=f"{title}: {span} mm", source=source)
            case Figure() | FigureRange():
                unit = _UNITS.get(name.rpartition("_")[2], "")
                said = _shown(document.value, spread=name in _SPREAD)
                return Part(id=name, title=f"{title}: {said} {unit}".strip(), source=source)
        lines, parts = self._described(document)
        return Part(id=name, title=title, lines=tuple(lines), parts=tuple(parts), source=source)

    def _grids(self, entry: Document) -> Iterator[Grid]:
        match entry:
            case Rule() | TriageRule():
                rows = []
                for example in entry.examples:
                    expect = example.expect if isinstance(example.expect, dict) else {entry.adopts: example.expect}
                    said = "; ".join(
                        spelt(word) if len(expect) == 1 and position == entry.adopts else f"{position}: {spelt(word)}"
                        for position, word in expect.items()
                    )
                    rows.append((self._given(example.given), said))
                yield Grid(title="Examples", columns=("Where", "It says"), rows=tuple(rows))
            case Scale() if entry.vectors:
                rows = [(_pairs(v.get("items", {})), _shown(v.get("score"))) for v in entry.vectors]
                yield Grid(title="Worked examples", columns=("Items", "Score"), rows=tuple(rows))
            case ThicknessSet():
                yield Grid(
                    title="Sites, mean ± standard deviation",
                    columns=("Site", "Of", "Epidermis", "Dermis", "Whole skin", "Areas", "Note"),
                    rows=tuple(row for site in entry.sites.values() for row in self._site(site)),
                ).filled()

    def _site(self, site: SkinSite) -> Iterator[tuple[str, ...]]:
        where = ", ".join(self.name(("regions", region)) for region in site.at)
        if site.lent_to:
            lent = ", ".join(self.name(("regions", region)) for region in site.lent_to)
            where = f"{where}; lent to {lent}" if where else f"lent to {lent}"
        note = "; ".join(part for part in ("spread assumed" if site.sd == "assumed" else "", site.note) if part)
        for of, skin in (("women", site.female), ("men", site.male), ("all", site.any)):
            if skin is not None:
                yield (self.say(site.title), of, *_layers(skin), where, note)

    def _given(self, given: Mapping[str, Any]) -> str:
        return "; ".join(
            name if value is True else f"not: {name}" if value is False else f"{name}: {_shown(value)}"
            for fact, value in given.items()
            for name in (self.name(("facts", fact)),)
        ) or "nothing known"  # fmt: skip

    # --- in a few words -------------------------------------------------------------------------------------------

    def short(self, entry: Document) -> str:
        """What an entry says, in a few words."""
        match entry:
            case _Record():
                others = f" · {len(entry.dissent)} other" if entry.dissent else ""
                return f"{says(entry.adopted)}{others}"
            case Danger():
                return f"margin of {plain(entry.margin_mm)} mm{'' if entry.sourced else ', unsourced'}"
            case PointSet():
                return f"{len(entry.points)} points"
            case Evidence():
                return ", ".join(spelt(w) for w in (entry.design, entry.outcome) if w)
            case Risk():
                return "grave" if entry.grave else "counted" if entry.frequency else "frequency not known"
            case Price():
                span = _shown(tuple(a for a in (entry.low, entry.high) if a is not None))
                return f"{entry.currency} {span} a {entry.per}"
            case Alternative():
                return spelt(entry.design)
            case Scale():
                return "computed" if entry.computed else "not computed"
            case Technique():
                return f"{_shown(entry.depth_mm)} mm" if entry.depth_mm else entry.device
            case Product():
                return entry.form
            case Substance():
                return "refused" if entry.refused else ", ".join(map(spelt, entry.classes[:2]))
            case Region():
                return f"part of {self.name(('regions', entry.parent))}" if entry.parent else ""
            case Compatibility():
                return entry.verdict
            case ThicknessSet():
                return f"{entry.people} people, {len(entry.sites)} sites"
        return ""

    def facets(self, entry: Document) -> dict[str, str]:
        """By what a list of such entries may be narrowed: heading → this entry's word."""
        out: dict[str, str] = {}
        for field in ("topic", "phase", "measure", "about", "design", "outcome", "of", "country", "form", "device",
                      "rated_by", "kind", "verdict"):  # fmt: skip
            value = getattr(entry, field, None)
            if isinstance(value, str) and not (field == "about" and isinstance(entry, ValueRecord)):
                out[_label(field).split(",")[0]] = spelt(value)
        if isinstance(entry, _Record):
            adopted = entry.adopted
            if adopted.says or adopted.level:
                out["In force"] = spelt(adopted.says or adopted.level or "")
            out["Grade"] = spelt(adopted.grade)
            out["Sources"] = "disagree" if entry.dissent else "agree"
        if isinstance(entry, Risk):
            out["Gravity"] = "grave" if entry.grave else "passing"
        if isinstance(entry, Substance) and entry.classes:
            out["Class"] = spelt(entry.classes[0])
        if isinstance(entry, Region) and entry.parent:
            out["Part of"] = self.name(("regions", entry.parent))
        return out


def citations(entry: Any, place: str = "") -> Iterator[tuple[str, Citation]]:
    """Every citation in a document, with the position, point or distance it stands under."""
    if isinstance(entry, Citation):
        yield place, entry
    elif isinstance(entry, Document):
        for field in type(entry).model_fields:
            value = getattr(entry, field)
            inner = place
            if isinstance(entry, Blebs) or field.endswith("_source"):
                inner = _joined(place, _label(field.removesuffix("_source")))
            yield from citations(value, inner)
    elif isinstance(entry, tuple):
        for child in entry:
            yield from citations(child, _joined(place, child.id) if isinstance(child, Position) else place)
    elif isinstance(entry, dict):
        for name, child in entry.items():
            yield from citations(child, _joined(place, str(name)))


def texts(entry: Document) -> tuple[str, ...]:
    """Every word that an entry says or cites, for a search: sentences first, then single words; conditions left out."""
    words = [word for field, word in _leaves(entry) if field not in _CONDITIONS]
    for _, citation in citations(entry):
        words += [citation.says, citation.ref]
    return tuple(sorted(dict.fromkeys(filter(None, words)), key=lambda word: " " not in word))


def says(position: Position) -> str:
    """What a position says, in a few words."""
    if position.level is not None:
        hours = f", within {position.within_hours} hours" if position.within_hours else ""
        return f"{spelt(position.level)}{hours}"
    if position.says is not None:
        return "no finding" if position.says == "none" else spelt(position.says)
    if position.value is not None:
        unit = position.unit or ""
        plural = "s" if unit in _COUNTED and position.value != 1 else ""
        return f"{plain(position.value)} {unit}{plural}".strip().replace("cm2", "cm²")
    if position.phases:
        return "; ".join(
            f"{phase.name}: {_sessions(phase.sessions)}"
            + (
                f"every {_shown(phase.every)}{f' to {_shown(phase.at_most)}' if phase.at_most else ''} {phase.unit}s"
                if phase.every
                else f"on days {', '.join(map(str, phase.offsets_days))}"
            )
            for phase in position.phases
        )
    return spelt(position.id)


def in_words(outline: Outline, inner: bool = False) -> str:
    """A condition on one line."""
    if not outline.parts:
        return outline.says
    joined = (" and " if outline.says.endswith("all of") else " or ").join(in_words(p, True) for p in outline.parts)
    if outline.says in ("not all of", "none of"):
        return f"not ({joined})"
    return f"({joined})" if inner else joined


def _leaves(value: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """Every word of a document with the field it stands in; citations left out."""
    if isinstance(value, Citation):
        return
    if isinstance(value, Document):
        for name in type(value).model_fields:
            yield from _leaves(getattr(value, name), name)
    elif isinstance(value, dict):
        for child in value.values():
            yield from _leaves(child, field)
    elif isinstance(value, tuple):
        for child in value:
            yield from _leaves(child, field)
    elif isinstance(value, str):
        yield field, value


def _words_in(tree: Condition) -> Iterator[tuple[str, tuple[str, ...]]]:
    match tree:
        case Not(term):
            yield from _words_in(term)
        case All(terms) | AnyOf(terms):
            for term in terms:
                yield from _words_in(term)
        case Compare(fact, _, str() as word) | Contains(fact, word):
            yield fact, (word,)
        case OneOf(fact, values):
            yield fact, tuple(value for value in values if isinstance(value, str))


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _listed(words: list[str], last: str) -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else words[0]


def _is_text(value: Any) -> bool:
    return isinstance(value, dict) and "en" in value and all(isinstance(said, str) for said in value.values())


def spelt(word: str) -> str:
    """A word of the schema as people write it."""
    return "randomised trial" if word == "rct" else word.replace("-", " ")


def _label(field: str) -> str:
    if field in _LABELS:
        return _LABELS[field]
    stem, _, unit = field.rpartition("_")
    return (stem if unit in _UNITS and stem else field).replace("_", " ").replace("-", " ").capitalize()


def _shown(value: Any, spread: bool = False) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return plain(Decimal(str(value)))
    if isinstance(value, tuple | list):
        if len(value) == 2 and all(isinstance(n, int | float | Decimal) for n in value):
            low, high = map(_shown, value)
            return f"{low} ± {high}" if spread else low if low == high else f"{low} to {high}"
        return ", ".join(map(_shown, value))
    if isinstance(value, dict):
        return _pairs(value)
    return "not known" if value is None else str(value)


def _pairs(items: Mapping[str, Any]) -> str:
    return "; ".join(f"{spelt(name).replace('_', ' ')}: {_shown(value)}" for name, value in items.items())


def _layers(skin: SkinThickness) -> Iterable[str]:
    return tuple(f"{_shown(getattr(skin, f), spread=True)} mm" if getattr(skin, f) else "" for f in _SPREAD)


def _sessions(sessions: int | tuple[int, int] | None) -> str:
    return "" if sessions is None else f"{_shown(sessions)} session{'' if sessions == 1 else 's'} "
