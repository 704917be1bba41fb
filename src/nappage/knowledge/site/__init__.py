"""The whole edition as pages to read and to search: static HTML, no server, no network, opened as files.

`files(edition)` is pure: path → content. `write` puts them into a folder. A record's page is `<kind>/<id>.html`, a
source's `sources/<key>.html`; positions, facts and dossier records are anchors by their ids, so links stay good.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path

from ...values import InputError
from ..choices import CASES, ORIGINS, Choice, choices, fate
from ..coverage import Piece, coverage
from ..edition import Edition
from ..library import (
    KINDS,
    Article,
    Grid,
    Key,
    Library,
    Line,
    Outline,
    Part,
    When,
    citations,
    in_words,
    says,
    spelt,
    texts,
)
from ..schema import Citation, Fact, Position, Source, Text

_HERE = Path(__file__).parent
_ASSETS = ("site.css", "search.js", "filter.js")
_INDEX = "search-index.js"
_SEEN = {
    "full-text": "read in full",
    "excerpt": "an excerpt was read",
    "abstract": "the abstract was read",
    "abstract-and-headings": "abstract and headings were read",
    "not-retrieved": "not read",
}
_TYPES = {"boolean": "yes or no", "text": "one word", "list": "a list of words"}
_LANGUAGES = {"fr": "French", "de": "German", "es": "Spanish", "it": "Italian"}
_TOP = (
    ("index.html", "Overview"),
    ("conflicts.html", "Conflicts"),
    ("sources/index.html", "Sources"),
    ("facts.html", "Facts"),
    ("left-out.html", "Left out"),
)


def url(kind: str, entry_id: str) -> str:
    """Where an entry's page lies within the site. A fact is an anchor on the page of facts."""
    return f"facts.html#{entry_id}" if kind == "facts" else f"{kind.replace('_', '-')}/{entry_id}.html"


def write(edition: Edition, folder: Path) -> Path:
    """Write the site into a folder, and take away pages of records that are no more; the first page to open. Raises
    InputError where that cannot be."""
    pages = files(edition)
    try:
        known = (folder / _INDEX).is_file()  # an earlier site of ours, so its pages may go
        for path, content in pages.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{target.name}.part")
            part.write_text(content, "utf-8")
            os.replace(part, target)
        for home in {Path(path).parent for path in pages} - {Path()} if known else ():
            for old in (folder / home).glob("*.html"):
                if (home / old.name).as_posix() not in pages:
                    old.unlink()
    except OSError as error:
        place = error.filename or folder
        raise InputError(
            str(place), f"it cannot be written ({error.strerror})", "Choose another folder with --out"
        ) from None
    return folder / "index.html"


def files(edition: Edition) -> Mapping[str, str]:
    """Every file of the site: path within it → text."""
    return dict(_Site(edition).files())


class _Site:
    def __init__(self, edition: Edition) -> None:
        self.edition, self.library = edition, Library(edition)
        self.articles = {key: self.library.article(key) for key in self.library.entries}
        self.named_by: dict[Key, list[Key]] = {}
        self.cited_by: dict[str, list[tuple[Key, str, Citation]]] = {}
        for key, entry in self.library.entries.items():
            for other in self.library.refs(entry):
                if other != key:
                    self.named_by.setdefault(other, []).append(key)
            for place, citation in citations(entry):
                self.cited_by.setdefault(citation.ref, []).append((key, place, citation))
        self.pieces = coverage(edition)
        self.pieces_there = {piece.id for piece in self.pieces}
        self.choices = choices(edition)

    def files(self) -> Iterator[tuple[str, str]]:
        for name in _ASSETS:
            yield name, (_HERE / name).read_text("utf-8")
        yield _INDEX, self.index()
        yield "index.html", self.overview()
        yield "conflicts.html", self.conflicts()
        yield "left-out.html", self.left_out()
        yield "facts.html", self.facts()
        for kind, keys in self.library.kinds().items():
            yield f"{_folder(kind)}/index.html", self.kind(kind, keys)
        yield "sources/index.html", self.sources()
        for key, article in self.articles.items():
            yield url(*key), self.record(article)
        for ref, source in self.edition.sources.items():
            yield url("sources", ref), self.source(ref, source)

    # --- search ----------------------------------------------------------------------------------------------------

    def index(self) -> str:
        """What search.js reads: kind, id, title, text, url of everything."""
        rows = [
            (
                KINDS.get(key[0], (key[0],))[0].capitalize(), key[1], self.library.name(key),
                " · ".join(t for t in texts(self.library.entries[key]) if t not in (key[1], self.library.name(key))),
                url(*key),
            )
            for key in self.articles
        ]  # fmt: skip
        for name, fact in self.edition.facts.items():
            question = self.library.say(fact.question) if fact.question else ""
            rows.append(("Fact", name, self.library.say(fact.title), question, url("facts", name)))
        for ref, source in self.edition.sources.items():
            about = " · ".join(str(p) for p in (source.year, source.kind, source.url) if p)
            rows.append(("Source", ref, source.title, about, url("sources", ref)))
        for piece in self.pieces:
            if not piece.carried_by:
                rows.append(("Not carried", piece.id, piece.says, piece.left_out or "", f"left-out.html#{piece.id}"))
        return f"window.NAPPAGE_INDEX={json.dumps(rows, ensure_ascii=False, separators=(',', ':'))};\n"

    # --- the frame ---------------------------------------------------------------------------------------------------

    def page(
        self, path: str, title: str, body: str, *, crumbs: Iterable[tuple[str, str]] = (), wide: bool = False
    ) -> str:
        root = "../" * path.count("/")
        top = "".join(
            f'<a href="{root}{there}"{" aria-current=page" if there == path else ""}>{said}</a>' for there, said in _TOP
        )
        trail = "".join(f'<a href="{root}{there}">{escape(said)}</a> / ' for there, said in crumbs)
        trail = f'<p class="crumbs">{trail}{escape(title)}</p>' if trail else ""
        script = '<script src="{0}{1}" data-root="{0}"></script>'
        filters = script.format(root, "filter.js") if 'class="filters"' in body else ""
        return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{escape(title)} · nappage reference</title>
<link rel="stylesheet" href="{root}site.css">
</head>
<body>
<a class="skip" href="#main">To the text</a>
<header class="top"><div class="bar">
<a class="brand" href="{root}index.html">nappage <span>reference</span></a>
<div class="search" role="search"><input id="q" type="search" role="combobox" aria-expanded="false" aria-controls="results"
 aria-autocomplete="list" aria-label="Search rules, sources, ids, texts" placeholder="Search: warfarin, lidocaine, SAF-013"
 autocomplete="off" spellcheck="false"><kbd>/</kbd><div class="results" id="results" role="listbox" aria-label="Results" hidden></div></div>
<nav aria-label="Pages">{top}</nav>
</div></header>
<main id="main"{' class="wide"' if wide else ""}>
{trail}{body}
</main>
<footer>Knowledge edition {escape(self.edition.version)} ({self.edition.fingerprint}), in force on {self.edition.on}. What sources say is repeated
here, not advised: a prescribed medicine is changed by its prescriber only. It supports a licensed clinician’s decision; nappage is not a
certified medical device.</footer>
{script.format(root, "search.js")}{filters}
</body>
</html>
"""  # noqa: E501

    def link(self, key: Key, root: str, *, kind: bool = False) -> str:
        of = f" <small>{escape(KINDS.get(key[0], (key[0],))[0])}</small>" if kind and key[0] != "facts" else ""
        return f'<a href="{root}{url(*key)}">{escape(self.library.name(key))}</a>{of}'

    def say(self, text: Text) -> str:
        """A text in English, and below it in every other language there is."""
        out = escape(text.get("en", ""))
        for code, said in text.items():
            if code != "en":
                name = _LANGUAGES.get(code, code)
                out += f'<span class="other" lang="{escape(code)}"><b>{name}</b> {escape(said)}</span>'
        return out

    # --- pages -------------------------------------------------------------------------------------------------------

    def overview(self) -> str:
        cards = "".join(
            f'<li><a href="{_folder(kind)}/index.html"><b>{escape(_many(kind))}<span>{len(keys)}</span></b>'
            f"<small>{escape(KINDS.get(kind, ('', '', ''))[2])}</small></a></li>"
            for kind, keys in self.library.kinds().items()
        )
        out = sum(fate(piece) == "left out" for piece in self.pieces)
        missing = sum(fate(piece) == "missing" for piece in self.pieces)
        without = f", {missing} of them without a reason" if missing else ""
        special = (
            ("conflicts.html", "Conflicts", len(self.choices), "Records whose sources disagree, to be signed."),
            ("sources/index.html", "Sources", len(self.edition.sources), "Publications, and how much was read."),
            ("facts.html", "Facts", len(self.edition.facts), "What is asked about a patient and an order."),
            (
                "left-out.html", "Left out", out + missing,
                f"Pieces of dossiers and articles that no record carries{without}.",
            ),
        )  # fmt: skip
        more = "".join(
            f'<li><a href="{there}"><b>{title}<span>{count}</span></b><small>{escape(text)}</small></a></li>'
            for there, title, count, text in special
        )
        body = f"""<h1>What nappage believes, why, and who disagrees</h1>
<p class="quiet">Edition {escape(self.edition.version)}, fingerprint <code>{self.edition.fingerprint}</code>, in force on {self.edition.on}. Press <kbd>/</kbd> to search.</p>
<ul class="cards four">{more}</ul>
<h2>Records</h2>
<ul class="cards">{cards}</ul>
<h2>How to read a record</h2>
<p>Each record answers one clinical question with one or more <em>positions</em>, each with its sources and their grade. One is in force; the others stay, as dissent. A clinic may adopt another listed position, or a stricter one of its own. A fact is yes, no or unknown, and unknown is never counted as safe: where a missing answer could change a rule, it asks. Where no publication stands behind a figure, it says <a href="{url("sources", "UNSOURCED")}">UNSOURCED</a>; what this project proposes is marked <a href="{url("sources", "NAPPAGE")}">NAPPAGE</a>. How much of a source was read stands with it.</p>"""  # noqa: E501
        if not {"UNSOURCED", "NAPPAGE"} <= set(self.edition.sources):
            body = body.replace(f'<a href="{url("sources", "UNSOURCED")}">UNSOURCED</a>', "UNSOURCED")
            body = body.replace(f'<a href="{url("sources", "NAPPAGE")}">NAPPAGE</a>', "NAPPAGE")
        return self.page("index.html", "Overview", body)

    def kind(self, kind: str, keys: list[Key]) -> str:
        facets = {key: self.library.facets(self.library.entries[key]) for key in keys}
        rows = []
        shown = [heading for heading in _headings(facets.values()) if heading not in ("In force", "Grade")][:1]
        for key in keys:
            article, of = self.articles[key], facets[key]
            short = article.positions[0].mark if article.positions else article.short
            tag = f'<span class="tag {article.tone}">{escape(short)}</span>' if article.tone != "go" else escape(short)
            if len(article.positions) > 1:
                tag += f" <small>{len(article.positions) - 1} against</small>"
            rows.append(
                f'<tr id="{escape(key[1])}" data-facets="{_facets(of)}">'
                f'<td class="lead"><a href="{escape(key[1])}.html">'
                f"{escape(self.library.name(key))}</a><code>{escape(key[1])}</code></td>"
                + "".join(_cell(heading, escape(of.get(heading, ""))) for heading in shown)
                + _cell("Says", tag)
                + "</tr>"
            )
        heads = "".join(f'<th scope="col">{escape(h)}</th>' for h in ("Record", *shown, "Says"))
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        body = f"<h1>{escape(_many(kind))}</h1><p class=quiet>{escape(KINDS.get(kind, ('', '', ''))[2])}</p>" + (
            _filters(facets.values()) + table if rows else "<p>There is none in this edition yet.</p>"
        )
        return self.page(f"{_folder(kind)}/index.html", _many(kind), body, crumbs=(("index.html", "Reference"),))

    def record(self, article: Article) -> str:
        root, key = "../", (article.kind, article.id)
        title, one = self.library.say(article.title), KINDS.get(article.kind, (article.kind,))[0]
        topic = self.library.facets(self.library.entries[key]).get("Topic", "")
        parts = [
            f'<p class="kind">{escape(one.capitalize())}{f" · {escape(topic)}" if topic else ""}</p>'
            f"<h1>{self.say(article.title)}</h1><p><code>{escape(article.id)}</code></p>"
        ]
        if article.positions:
            held = article.positions[0]
            parts.append(
                f'<div class="notice {article.tone}"><strong>{escape(held.mark[:1].upper() + held.mark[1:])}</strong>'
                f"<p>{escape(article.because)}</p></div>"
            )
        if article.decision:
            parts.append(
                f'<div class="notice go"><strong>The clinic’s decision</strong><p>{escape(article.decision)}</p></div>'
            )
        parts.append(self.lines((line for line in article.lines if not (topic and line.label == "Topic")), root))
        if article.when:
            parts.append(f"<h2>Where</h2>{self.when(article.when, root)}")
        if article.source:
            parts.append(f"<h2>Sources</h2>{self.cited(article.source, root)}")
        if article.positions:
            others = len(article.positions) - 1
            heading = "Positions" if others else "The position, with its sources"
            parts.append(f"<h2>{heading}</h2>")
            parts += [self.position(position, root) for position in article.positions]
        parts += [f"<h2>{'What it rests on' if article.kind == 'blebs' else 'In detail'}</h2>"] if article.parts else []
        parts += [self.part(part, root) for part in article.parts]
        parts += [f"<h2>{escape(grid.title)}</h2>{_grid(grid)}" for grid in article.grids]
        parts.append(self.relations(key, root))
        dossier = ", ".join(
            f'<a href="{root}left-out.html#{escape(piece)}">{escape(piece)}</a>'
            if piece in self.pieces_there
            else escape(piece)
            for piece in article.dossier
        )
        facts = [("Dossier records", dossier or "none"), ("Fingerprint", f"<code>{article.fingerprint}</code>")]
        if article.review_by:
            facts.append(("Review due", str(article.review_by)))
        parts.append(f"<h2>This record</h2>{_lines(facts)}")
        crumbs = (("index.html", "Reference"), (f"{_folder(article.kind)}/index.html", _many(article.kind)))
        return self.page(url(*key), title, "\n".join(parts), crumbs=crumbs)

    def relations(self, key: Key, root: str) -> str:
        out = []
        for heading, keys in (
            ("It names", self.library.refs(self.library.entries[key])),
            ("Named by", self.named_by.get(key, ())),
        ):
            entries = [other for other in keys if other != key]
            if entries:
                links = "".join(f"<li>{self.link(other, root, kind=True)}</li>" for other in entries)
                out.append(f'<h2>{heading}</h2><ul class="links">{links}</ul>')
        return "".join(out)

    def lines(self, lines: Iterable[Line], root: str) -> str:
        rows = []
        for line in lines:
            said = self.say(line.text) if line.text else escape(line.said)
            if line.to:
                linked = [self.link(key, root) for key in line.to]
                names = ", ".join(self.library.name(key) for key in line.to)
                said = ", ".join(linked) if names == line.said else f"{said} <small>({', '.join(linked)})</small>"
            rows.append((line.label, said + (self.cited(line.source, root) if line.source else "")))
        return _lines(rows)

    def when(self, when: When, root: str) -> str:
        return f'<div class="when"><div>{self.outline(when.outline, root)}</div><code>{escape(when.raw)}</code></div>'

    def outline(self, outline: Outline, root: str) -> str:
        if outline.parts:
            inner = "".join(f"<li>{self.outline(part, root)}</li>" for part in outline.parts)
            return f"{escape(outline.says)}<ul>{inner}</ul>"
        if outline.fact:
            return f'<a href="{root}{url("facts", outline.fact)}">{escape(outline.says)}</a>'
        return escape(outline.says)

    def position(self, position: Part, root: str) -> str:
        mark = '<span class="tag go">in force</span>' if position.in_force else ""
        tone = f'<span class="tag {position.tone}">{escape(position.mark)}</span>'
        lines = self.lines(position.lines, root) if position.lines else ""
        return (
            f'<section class="position{" force" if position.in_force else ""}" id="{escape(position.id)}">'
            f"<header><h3>{escape(position.title.replace('-', ' '))}</h3>{tone}{mark}"
            f'<span class="grade">{escape(position.grade)}</span></header>'
            f"{self.when(position.when, root) if position.when else ''}{lines}"
            f"{self.cited(position.source, root)}</section>"
        )

    def part(self, part: Part, root: str) -> str:
        inner = "".join(self.part(child, root) for child in part.parts)
        return (
            f'<section class="part"><h3>{escape(part.title)}</h3>{self.lines(part.lines, root) if part.lines else ""}'
            f"{self.cited(part.source, root)}{inner}</section>"
        )

    def cited(self, cited: Iterable[Citation], root: str) -> str:
        rows = []
        for citation in cited:
            source = self.edition.sources[citation.ref]
            says = escape(citation.says) + (f" <small>({escape(citation.at)})</small>" if citation.at else "")
            year = f", {source.year}" if source.year else ""
            seen = "" if source.kind in ("proposal", "unsourced") else f"; {_SEEN[source.seen]}"
            rows.append(
                f'<li><a href="{root}{url("sources", citation.ref)}">{escape(citation.ref)}</a><span>{says}'
                f"<small>{escape(source.title)}{year}{seen}</small></span></li>"
            )
        return f'<ul class="cited">{"".join(rows)}</ul>' if rows else ""

    def conflicts(self) -> str:
        facets, rows = [], []
        for choice in self.choices:
            of = {
                "Kind": _many(choice.kind),
                "Case": choice.case or "none of these",
                "Reports of harm": "cited" if choice.harm else "none cited",
                "Dossier": " and ".join(choice.dossiers) or "none",
            }
            facets.append(of)
            rows.append(self.choice(choice, of))
        counts = "; ".join(f"{case}, {sum(choice.case == case for choice in self.choices)}" for case in CASES)
        heads = "".join(
            f'<th scope="col">{head}</th>'
            for head in ("Choice", "In force", "Who disagrees", "Why", "Clinician’s signature")
        )
        body = f"""<h1>Conflicts</h1>
<p>Every record whose sources disagree, for the clinician who will sign it: {len(self.choices)} choices. Whether and when a person may be treated follows the safety dossier, how and how often the dossier of protocols. Where a clinic’s leaflet is stricter than a label or a guideline, the latter is in force unless harm is documented. The cases: {counts}. “Stricter” and “milder” stand only where the positions themselves tell; reports of harm are the cited case and outbreak reports, safety databases and regulators’ warnings.</p>
{_filters(facets)}
<table class="choices"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>"""  # noqa: E501
        return self.page("conflicts.html", "Conflicts", body, crumbs=(("index.html", "Reference"),), wide=True)

    def choice(self, choice: Choice, facets: dict[str, str]) -> str:
        against = "".join(self.stand(choice, position) for position in choice.against)
        notes = [f"Dossier: {' and '.join(choice.dossiers) or 'none'}"]
        if choice.case:
            notes.append(choice.case.capitalize())
        notes.append(f"Reports of harm: {', '.join(choice.harm)}" if choice.harm else "No report of harm cited")
        noted = escape(f"{'. '.join(notes)}.")
        return (
            f'<tr id="{choice.kind}/{choice.id}" data-facets="{_facets(facets)}">'
            f'<td class="lead"><a href="{url(choice.kind, choice.id)}">{escape(choice.title)}</a>'
            f"<code>{escape(choice.id)}</code></td>"
            f"{_cell('In force', self.stand(choice, choice.in_force))}{_cell('Who disagrees', against)}"
            f"{_cell('Why', f'<p>{escape(choice.because)}</p><small>{noted}</small>')}"
            '<td class="sign" data-title="Signature"><span>as it is / otherwise</span><span>name, date</span></td></tr>'
        )

    def stand(self, choice: Choice, position: Position) -> str:
        """A position in short: what it says, how it compares, where, its grade, and who says what."""
        way = "stricter" if position.id in choice.stricter else "milder" if position.id in choice.milder else ""
        when = self.library.when(position.when)
        where = ""
        if when and (position.id != choice.in_force.id and position.when != choice.in_force.when):
            where = f"<small>where {escape(in_words(when.outline))}</small>"
        refs = "".join(
            f'<li><a href="{url("sources", c.ref)}">{escape(c.ref)}</a> {escape(c.says)}</li>' for c in position.source
        )
        return (
            f"<p><b>{escape(says(position))}</b> {f'<i>{way}</i> ' if way else ''}"
            f"<small>{escape(spelt(position.grade))}</small>{where}</p><ul>{refs}</ul>"
        )

    def left_out(self) -> str:
        facets, rows = [], []
        for piece in self.pieces:
            of = {"Origin": ORIGINS[piece.origin], "Carried": fate(piece)}
            facets.append(of)
            rows.append(
                f'<tr id="{escape(piece.id)}" data-facets="{_facets(of)}">'
                f'<td class="lead"><b>{escape(piece.id)}</b></td>'
                f"{_cell('Says', escape(piece.says))}{_cell('Carried by', self.fate(piece))}</tr>"
            )
        counts = "".join(
            f"<li>{title}: {len(of)}, {sum(fate(p) == 'carried' for p in of)} carried, "
            f"{sum(fate(p) == 'left out' for p in of)} left out, {sum(fate(p) == 'missing' for p in of)} missing</li>"
            for origin, title in ORIGINS.items()
            for of in [[p for p in self.pieces if p.origin == origin]]
        )
        heads = "".join(f'<th scope="col">{head}</th>' for head in ("Piece", "What it says", "Carried by, or why not"))
        body = f"""<h1>Carried and left out</h1>
<p>The two dossiers and the five articles this project was founded on, piece by piece: what carries each, or why it is
left out.</p>
<ul>{counts}</ul>
{_filters(facets)}
<table class="pieces"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>"""
        return self.page("left-out.html", "Left out", body, crumbs=(("index.html", "Reference"),), wide=True)

    def fate(self, piece: Piece) -> str:
        links = []
        for carrier in piece.carried_by:
            kind, _, entry_id = carrier.partition("/")
            there = (kind, entry_id) in self.articles
            links.append(self.link((kind, entry_id), "", kind=True) if there else escape(carrier))
        out = "<br>".join(links)
        if piece.left_out:
            out += f"{'<br>' if out else ''}Left out: {escape(piece.left_out)}"
        if piece.fault or not out:
            out += f' <span class="tag stop">missing</span> {escape(piece.fault or "")}'
        return out

    def facts(self) -> str:
        sections, facets = [], []
        for name, fact in sorted(self.edition.facts.items(), key=lambda item: self.library.say(item[1].title).lower()):
            of = {
                "Topic": fact.topic.replace("-", " "),
                "Asked of": fact.asked,
                "Type": _TYPES.get(fact.type, fact.type),
            }
            facets.append(of)
            sections.append(
                f'<section class="fact" id="{escape(name)}" data-facets="{_facets(of)}"><h3>{self.say(fact.title)}</h3>'
                f"<code>{escape(name)}</code>{self.fact(name, fact)}</section>"
            )
        body = f"""<h1>Facts</h1>
<p>The columns of a patient’s row, and the words that conditions are written in. Each is yes, no, a number or a word, or unknown; unknown is never made safe.</p>
{_filters(facets)}
{"".join(sections)}"""  # noqa: E501
        return self.page("facts.html", "Facts", body, crumbs=(("index.html", "Reference"),))

    def fact(self, name: str, fact: Fact) -> str:
        values = f": {', '.join(fact.values)}" if fact.values else f", in {fact.unit}" if fact.unit else ""
        rows = [("Is", escape(f"{_TYPES.get(fact.type, fact.type)}{values}"))]
        if fact.question:
            rows.append(("Asked as", self.say(fact.question)))
        rows.append(
            ("Asked of", escape({"order": "the order", "never": "nobody by itself"}.get(fact.asked, fact.asked)))
        )
        if fact.only_if:
            rows.append(("Only where", f"<code>{escape(' '.join(fact.only_if.split()))}</code>"))
        rows.append(
            ("Read from", escape("; ".join(f"{k.replace('_', ' ')}: {_derived(v)}" for k, v in fact.derive.items())))
        )
        named = self.named_by.get(("facts", name), [])
        if named:
            links = "".join(f"<li>{self.link(key, '', kind=True)}</li>" for key in named)
            count = f"{len(named)} record{'' if len(named) == 1 else 's'}"
            rows.append(("Read by", f'<details><summary>{count}</summary><ul class="links">{links}</ul></details>'))
        return _lines(rows)

    def sources(self) -> str:
        facets, rows = [], []
        for ref, source in sorted(self.edition.sources.items()):
            cited = len({key for key, _, _ in self.cited_by.get(ref, ())})
            of = {"Read": _SEEN[source.seen], "Kind": spelt(source.kind or "not stated")}
            facets.append(of)
            rows.append(
                f'<tr id="{escape(ref)}" data-facets="{_facets(of)}"><td class="lead"><a href="{escape(ref)}.html">'
                f"{escape(source.title)}</a><code>{escape(ref)}</code></td>{_cell('Year', str(source.year or ''))}"
                f"{_cell('Read', _SEEN[source.seen])}{_cell('Cited by', str(cited))}</tr>"
            )
        heads = "".join(f'<th scope="col">{head}</th>' for head in ("Source", "Year", "Read", "Cited by"))
        body = (
            "<h1>Sources</h1><p class=quiet>Publications, and how much of each was read by whoever made the record.</p>"
            f"{_filters(facets)}<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        )
        return self.page("sources/index.html", "Sources", body, crumbs=(("index.html", "Reference"),))

    def source(self, ref: str, source: Source) -> str:
        rows = [("Read", f"{_SEEN[source.seen][:1].upper()}{_SEEN[source.seen][1:]}")]
        if source.year:
            rows.append(("Year", str(source.year)))
        if source.kind:
            rows.append(("Kind", escape(spelt(source.kind))))
        if source.url:
            web = source.url.startswith(("http://", "https://"))
            rows.append(
                (
                    "Found at",
                    f'<a href="{escape(source.url)}" rel="noreferrer">{escape(source.url)}</a>'
                    if web
                    else escape(source.url),
                )
            )
        cited = []
        for key, place, citation in self.cited_by.get(ref, ()):
            says = escape(citation.says) + (f" <small>({escape(citation.at)})</small>" if citation.at else "")
            cited.append(
                f'<tr><td class="lead">{self.link(key, "../", kind=True)}<code>{escape(key[1])}</code></td>'
                f"{_cell('Where', escape(place.replace('-', ' ')))}{_cell('It says', says)}</tr>"
            )
        heads = "".join(f'<th scope="col">{head}</th>' for head in ("Record", "Where", "What it says there"))
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(cited)}</tbody></table>"
        body = (
            f'<p class="kind">Source</p><h1>{escape(source.title)}</h1><p><code>{escape(ref)}</code></p>{_lines(rows)}'
            f"<h2>Cited by</h2>{table if cited else '<p>No record cites it.</p>'}"
        )
        crumbs = (("index.html", "Reference"), ("sources/index.html", "Sources"))
        return self.page(url("sources", ref), ref, body, crumbs=crumbs)


def _folder(kind: str) -> str:
    return kind.replace("_", "-")


def _many(kind: str) -> str:
    return KINDS[kind][1] if kind in KINDS else kind.replace("_", " ").capitalize()


def _lines(rows: Iterable[tuple[str, str]]) -> str:
    """Labels with HTML."""
    inner = "".join(f"<dt>{escape(label)}</dt><dd>{said}</dd>" for label, said in rows)
    return f'<dl class="lines">{inner}</dl>' if inner else ""


def _cell(title: str, html: str) -> str:
    inner = f"><div>{html}</div>" if html else ' class="empty">'
    return f'<td data-title="{escape(title)}"{inner}</td>'


def _grid(grid: Grid) -> str:
    heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in grid.columns)
    rows = "".join(
        f"<tr>{''.join(_cell(c, escape(cell)) for c, cell in zip(grid.columns, row, strict=True))}</tr>"
        for row in grid.rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _facets(facets: Mapping[str, str]) -> str:
    return escape(json.dumps(facets, ensure_ascii=False, separators=(",", ":")))


def _headings(facets: Iterable[Mapping[str, str]]) -> list[str]:
    return list(dict.fromkeys(heading for of in facets for heading in of))


def _filters(facets: Iterable[Mapping[str, str]]) -> str:
    """What narrows a list: a field for words, and a choice for each facet that has several values."""
    of = list(facets)
    selects = ""
    for heading in _headings(of):
        counts: dict[str, int] = {}
        for one in of:
            if one.get(heading):
                counts[one[heading]] = counts.get(one[heading], 0) + 1
        if len(counts) > 1:
            options = "".join(
                f'<option value="{escape(v)}">{escape(v)} ({n})</option>' for v, n in sorted(counts.items())
            )
            choice = f'<select name="{escape(heading)}"><option value="">any</option>{options}</select>'
            selects += f"<label>{escape(heading)}{choice}</label>"
    return (
        f'<form class="filters"><label>Words<input type="search" name="words" autocomplete="off"></label>{selects}'
        f'<button type="reset">Show all</button><output aria-live="polite"></output></form>'
    )


def _derived(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


__all__ = ["files", "url", "write"]
