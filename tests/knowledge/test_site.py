"""The reference site: every record and source has its page, every link leads somewhere, search needs no network."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from nappage.knowledge import load
from nappage.knowledge.choices import CASES, choices, conflicts_markdown, left_out_markdown
from nappage.knowledge.coverage import coverage
from nappage.knowledge.library import Library, citations, spelt
from nappage.knowledge.schema import Rule
from nappage.knowledge.site import files, url, write
from nappage.values import InputError

ROOT = Path(__file__).parents[2]
ON = date(2026, 11, 25)
EDITION = load(ON)
LIBRARY = Library(EDITION)


@cache
def site() -> dict[str, str]:
    return dict(files(EDITION))


class _Page(HTMLParser):
    """Ids, links and words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in ("href", "src"):
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.words += data


@cache
def pages() -> dict[str, _Page]:
    return {path: _Page(text) for path, text in site().items() if path.endswith(".html")}


def _squeezed(text: str) -> str:
    return "".join(text.split())


# --- what stands in it --------------------------------------------------------------------------------------------


def test_every_record_has_its_page_with_all_it_says() -> None:
    for key, entry in LIBRARY.entries.items():
        page = pages()[url(*key)]
        words = _squeezed(page.words)
        assert _squeezed(LIBRARY.name(key)) in words and key[1] in words
        assert LIBRARY.article(key).fingerprint in words
        for _, citation in citations(entry):
            assert f"../{url('sources', citation.ref)}" in page.links and _squeezed(citation.says) in words, key
        for record in getattr(entry, "records", ()):
            assert record in words
        for position in getattr(entry, "positions", ()):
            assert position.id in page.ids
            assert _squeezed(position.when or "") in words and _squeezed(spelt(position.grade)) in words
        for text in (getattr(entry, field, None) for field in ("do", "tell", "says")):
            if isinstance(text, dict):
                assert all(_squeezed(said) in words for said in text.values()), key
        if getattr(entry, "review_by", None):
            assert str(entry.review_by) in words  # type: ignore[attr-defined]


def test_every_source_has_its_page_with_all_that_cite_it() -> None:
    citing: dict[str, set[str]] = {}
    for key, entry in LIBRARY.entries.items():
        for _, citation in citations(entry):
            citing.setdefault(citation.ref, set()).add(f"../{url(*key)}")
    for ref, source in EDITION.sources.items():
        page = pages()[url("sources", ref)]
        assert _squeezed(source.title) in _squeezed(page.words)
        assert citing.get(ref, set()) <= set(page.links)
        assert (source.url or "") in page.words


def test_a_record_tells_what_names_it() -> None:
    named = pages()[url("substances", "lidocaine")].links
    naming = [key for key in LIBRARY.entries if ("substances", "lidocaine") in LIBRARY.refs(LIBRARY.entries[key])]
    assert naming and all(f"../{url(*key)}" in named for key in naming)
    fact = site()["facts.html"].split('id="vitamin_k_antagonist_current"')[1].split("</section>")[0]
    assert url("rules", "vitamin-k-antagonist") in fact


def test_every_link_leads_somewhere_within_the_site() -> None:
    wrong = []
    for path, page in pages().items():
        here = PurePosixPath(path).parent
        for link in page.links:
            if re.match(r"https?://", link):
                continue
            target, _, anchor = link.partition("#")
            there = _normal(here / target) if target else path
            if there not in site() or (anchor and anchor not in pages()[there].ids):
                wrong.append((path, link))
    assert not wrong[:10]


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()  # fails where a link would leave the site
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def test_only_sources_lead_out_and_nothing_is_fetched() -> None:
    for path, text in site().items():
        assert not re.search(r"(src=|@import|url\()\s*[\"']?(https?:)?//", text), path
        if path.endswith(".js") and path != "search-index.js":
            assert not re.search(r"\b(fetch|XMLHttpRequest|import)\s*\(", text)


def test_ids_stand_once_on_a_page() -> None:
    for path, page in pages().items():
        assert len(page.ids) == len(set(page.ids)), path


def test_the_counts_are_those_of_the_edition() -> None:
    start = _squeezed(pages()["index.html"].words)
    for kind, keys in LIBRARY.kinds().items():
        listed = pages()[f"{kind.replace('_', '-')}/index.html"]
        assert sum(link.removesuffix(".html") in {key[1] for key in keys} for link in listed.links) == len(keys)
        assert f"{len(keys)}" in start
    assert f"Sources{len(EDITION.sources)}" in start and f"Conflicts{len(choices(EDITION))}" in start


def test_every_piece_of_the_dossiers_and_articles_is_accounted_for() -> None:
    listed = pages()["left-out.html"]
    for piece in coverage(EDITION):
        assert piece.id in listed.ids
        assert not piece.left_out or _squeezed(piece.left_out) in _squeezed(listed.words)


def test_markup_in_a_record_stays_words() -> None:
    rule = next(iter(EDITION.rules.values()))
    evil = rule.model_copy(update={"title": {"en": '<script>alert(1)</script>"&'}, "do": {"en": "<img src=x>"}})
    made = files(dataclasses.replace(EDITION, rules={**EDITION.rules, rule.id: evil}))
    for path in (url("rules", rule.id), "rules/index.html", "conflicts.html", "left-out.html"):
        assert "<script>alert" not in made[path] and "<img" not in made[path]
    assert "&lt;script&gt;alert(1)" in made[url("rules", rule.id)]


def test_other_languages_stand_beside_the_english() -> None:
    zone = next(danger for danger in EDITION.danger.values() if "fr" in danger.says)
    assert f'lang="fr"><b>French</b> {zone.says["fr"][:20]}'.replace("'", "&#x27;") in site()[url("danger", zone.id)]


# --- the colours --------------------------------------------------------------------------------------------------


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_colours_keep_the_contrast_of_wcag_aa(scheme: int) -> None:
    block = re.findall(r":root \{(.*?)\}", site()["site.css"], re.S)[scheme]
    colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", block))
    pairs = [(ink, paper) for ink in ("ink", "soft", "accent") for paper in ("paper", "wash", "go-wash")]
    pairs += [(tone, f"{tone}-wash") for tone in ("go", "wait", "stop")]
    pairs += [("ink", f"{tone}-wash") for tone in ("wait", "stop")] + [("ink", "mark")] * ("mark" in colour)
    for ink, paper in pairs:
        light, dark = sorted((_luminance(colour[ink]), _luminance(colour[paper])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)


# --- written ------------------------------------------------------------------------------------------------------


def test_a_second_writing_takes_away_pages_of_records_that_are_no_more(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.html").write_text("mine")
    write(EDITION, tmp_path)
    assert (tmp_path / "rules" / "mine.html").exists(), "a folder that was no site of ours keeps what is in it"
    (tmp_path / "plan.html").write_text("a plan")
    fewer = dict(list(EDITION.risks.items())[1:])
    gone = next(iter(EDITION.risks))
    assert (tmp_path / url("risks", gone)).is_file()
    write(dataclasses.replace(EDITION, risks=fewer), tmp_path)
    assert not (tmp_path / url("risks", gone)).exists() and (tmp_path / "plan.html").exists()
    assert not list(tmp_path.rglob(".*.part"))


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match="cannot be written"):
        write(EDITION, tmp_path / "out")


# --- the choices --------------------------------------------------------------------------------------------------


def _rule(adopted: dict[str, Any], other: dict[str, Any]) -> Rule:
    return Rule.model_validate(
        {
            "id": "made-up", "title": "Made up", "topic": "conduct", "adopts": "one", "because": "Because.",
            "do": "Do.", "tell": "Tell.", "review_by": ON, "examples": [{"given": {}, "expect": "ask"}],
            "positions": [
                {"id": "one", "when": "unwell", "source": [{"ref": "UNSOURCED"}], **adopted},
                {"id": "other", "when": "unwell", "source": [{"ref": "NAPPAGE"}], **other},
            ],
        }
    )  # fmt: skip


ABSOLUTE, PRECAUTION = "absolute-contraindication", "precaution"
WEEK = {"says": "deferral", "wait": {"since": "alcohol_days", "days": 7}}
MONTH = {"says": "deferral", "wait": {"since": "alcohol_days", "months": 1}}


@pytest.mark.parametrize(
    ("adopted", "other", "case", "stricter", "milder"),
    [
        ({"says": PRECAUTION, "grade": "label"}, {"says": ABSOLUTE, "grade": "clinic-leaflet"}, 0, ("other",), ()),
        ({"says": PRECAUTION, "grade": "review"}, {"says": ABSOLUTE, "grade": "seed-article"}, 1, ("other",), ()),
        ({"says": ABSOLUTE, "grade": "clinic-leaflet"}, {"says": PRECAUTION, "grade": "guideline"}, 2, (), ("other",)),
        ({"says": PRECAUTION, "grade": "label"}, {"says": ABSOLUTE, "grade": "label"}, None, ("other",), ()),
        ({"says": ABSOLUTE, "grade": "label"}, {"says": PRECAUTION, "grade": "clinic-leaflet"}, None, (), ("other",)),
        ({**WEEK, "grade": "guideline"}, {**MONTH, "grade": "clinic-leaflet"}, 0, ("other",), ()),
        ({**WEEK, "grade": "guideline"}, {**WEEK, "grade": "clinic-leaflet"}, None, (), ()),
    ],
)
def test_a_leaflet_against_a_label(
    adopted: dict[str, Any], other: dict[str, Any], case: int | None, stricter: tuple[str], milder: tuple[str]
) -> None:
    rule = _rule(adopted, other)
    (choice,) = [c for c in choices(dataclasses.replace(EDITION, rules={rule.id: rule})) if c.id == rule.id]
    assert choice.case == (None if case is None else CASES[case])
    assert choice.stricter == stricter and choice.milder == milder


def test_a_lower_ceiling_is_stricter_and_a_shorter_wait_is_not() -> None:
    for choice in choices(EDITION):
        if choice.kind == "values":
            measure = EDITION.values[choice.id].measure
            for position in choice.against:
                if position.id in choice.stricter:
                    assert position.value is not None and choice.in_force.value is not None
                    assert (position.value < choice.in_force.value) == measure.startswith("max-"), choice.id


def test_a_cited_report_of_harm_is_named() -> None:
    report = next(ref for ref, source in EDITION.sources.items() if source.kind == "case-report")
    source = {"source": [{"ref": report}]}
    rule = _rule({"says": ABSOLUTE, "grade": "label"}, {"says": PRECAUTION, "grade": "review", **source})
    (choice,) = [c for c in choices(dataclasses.replace(EDITION, rules={rule.id: rule})) if c.id == rule.id]
    assert choice.harm == (report,)


def test_every_record_with_dissent_is_to_be_signed() -> None:
    dissent = {record.id for record in EDITION.records() if record.dissent}
    assert {choice.id for choice in choices(EDITION)} == dissent
    page, text = pages()["conflicts.html"], conflicts_markdown(EDITION)
    for choice in choices(EDITION):
        assert f"{choice.kind}/{choice.id}" in page.ids
        assert f'<a id="{choice.kind}-{choice.id}"></a>' in text and f"Record: `{choice.id}`" in text
        assert _squeezed(choice.because) in _squeezed(page.words)
        for position in choice.against:
            assert f"`{position.id}`" in text


@pytest.mark.parametrize(("name", "made"), [("conflicts", conflicts_markdown), ("left-out", left_out_markdown)])
def test_docs_reference_is_current(name: str, made: Any) -> None:
    assert (ROOT / "docs" / "reference" / f"{name}.md").read_text("utf-8") == made(EDITION), "run `make reference`"


# --- from a plan --------------------------------------------------------------------------------------------------


def test_a_plan_links_to_its_records_where_it_is_said_where_they_lie() -> None:
    from nappage.intake import load_answers
    from nappage.plan import draft, page
    from nappage.plan.compose import clinician, patient

    answers = load_answers(str(ROOT / "examples" / "facial-rejuvenation.yaml"))
    plan = draft(answers, EDITION, ON, reference="x")
    sheet = clinician(plan, EDITION)
    linked = _Page(page.html(sheet, "../reference"))
    there = [link.removeprefix("../reference/") for link in linked.links if link.startswith("../reference/")]
    assert there and all(link in site() for link in there)
    for finding in plan.screening.findings:
        assert url("rules", finding.rule) in there and finding.rule in linked.words
    assert plan.course is not None and plan.course.regimen.protocol is not None
    assert url("protocols", plan.course.regimen.protocol) in there
    assert any(link.startswith("values/") for link in there)
    assert "../reference" not in page.html(sheet)
    assert "reference/rules" not in page.html(patient(plan, EDITION), "../reference"), (
        "the patient's page has no records"
    )


# --- in a browser -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(EDITION, tmp_path_factory.mktemp("site")).parent


@pytest.fixture
def view(browser: Any) -> Iterator[Any]:
    opened = browser.new_page(viewport={"width": 1180, "height": 900})
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("request", lambda request: errors.append(request.url) if not request.url.startswith("file:") else None)
    yield opened
    opened.close()
    assert not errors


SAMPLE = [
    "index.html", "conflicts.html", "left-out.html", "facts.html", "sources/index.html", "sources/SEED000.html",
    "rules/index.html", "rules/vitamin-k-antagonist.html", "danger/facial-artery.html", "thickness/ultrasound-118.html",
]  # fmt: skip


@pytest.mark.parametrize("width", [390, 768, 1180])
def test_pages_fit_telephone_tablet_and_desk(home: Path, view: Any, width: int) -> None:
    view.set_viewport_size({"width": width, "height": 900})
    one_of_each = [url(*keys[0]) for keys in LIBRARY.kinds().values() if keys]
    for path in (*SAMPLE, *one_of_each):
        view.goto((home / path).as_uri())
        assert view.evaluate("document.documentElement.scrollWidth") <= width, path
        assert view.locator("h1").count() == 1


def _found(view: Any, query: str) -> list[str]:
    view.fill("#q", query)
    view.wait_for_function("!document.querySelector('#results').textContent.startsWith('Reading')")
    return [link.get_attribute("href") or "" for link in view.query_selector_all("#results a")]


def test_search_finds_as_you_type(home: Path, view: Any) -> None:
    view.goto((home / "rules" / "index.html").as_uri())
    assert _found(view, "vitamin-k-ant")[0] == "../rules/vitamin-k-antagonist.html"
    assert _found(view, "warfa")[0] == "../rules/vitamin-k-antagonist.html"
    assert _found(view, "seed000")[0] == "../sources/SEED000.html"
    ids = [key[1] for key in LIBRARY.entries]
    begun = [i for i in ids if ids.count(i) == 1 and sum(other.startswith(f"{i}-") for other in ids)]
    for wanted in begun[:12]:
        assert _found(view, wanted)[0].endswith(f"/{wanted}.html"), "an id itself, before those that begin like it"
    dossier = EDITION.rules["vitamin-k-antagonist"].records[0]
    carriers = {f"../{url(*key)}" for key, entry in LIBRARY.entries.items() if dossier in getattr(entry, "records", ())}
    assert set(_found(view, dossier)[: len(carriers)]) == carriers
    assert _found(view, "LIDOCAÏNE")[:3] == _found(view, "lidocaine")[:3] != []
    assert _found(view, "zonenotthere") == [] and "Nothing holds all of" in view.inner_text("#results")
    assert _found(view, "") == [] and not view.is_visible("#results")
    assert view.evaluate(
        "document.querySelector('#results').scrollWidth <= document.querySelector('#results').clientWidth"
    )


def test_search_by_keys_alone(home: Path, view: Any) -> None:
    view.goto((home / "index.html").as_uri())
    view.keyboard.press("/")
    view.keyboard.type("breastfeeding")
    view.wait_for_selector("#results a")
    view.keyboard.press("ArrowDown")
    view.keyboard.press("ArrowDown")
    view.keyboard.press("ArrowUp")
    chosen = view.locator("#results a[aria-selected=true]")
    assert chosen.count() == 1
    assert view.get_attribute("#q", "aria-activedescendant") == chosen.get_attribute("id") == "hit-0"
    wanted = chosen.get_attribute("href")
    view.keyboard.press("Enter")
    view.wait_for_url(f"**/{wanted}")
    view.keyboard.press("/")
    view.keyboard.type("x")
    view.keyboard.press("Escape")
    assert not view.is_visible("#results")


def test_lists_are_narrowed(home: Path, view: Any) -> None:
    view.goto((home / "rules" / "index.html").as_uri())
    topic = EDITION.rules["vitamin-k-antagonist"].topic
    of = [rule for rule in EDITION.rules.values() if rule.topic == topic]
    view.select_option("select[name=Topic]", topic)
    assert view.inner_text(".filters output") == f"{len(of)} of {len(EDITION.rules)}"
    assert view.locator("tr[data-facets]:visible").count() == len(of)
    view.fill(".filters input", "warfarin nothing such")
    assert "None of" in view.inner_text(".filters output")
    view.click("text=Show all")
    view.wait_for_function(
        f"document.querySelector('.filters output').textContent.startsWith('{len(EDITION.rules)} of')"
    )


def test_without_scripts_everything_is_there(home: Path, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    view = context.new_page()
    view.goto((home / "rules" / "index.html").as_uri())
    assert view.locator("tbody tr:visible").count() == len(EDITION.rules)
    assert not view.is_visible(".filters") and not view.is_visible("#q")
    context.close()


def test_the_index_of_the_search_holds_everything() -> None:
    text = site()["search-index.js"]
    rows = json.loads(text.removeprefix("window.NAPPAGE_INDEX=").removesuffix(";\n"))
    urls = {row[4] for row in rows}
    assert {url(*key) for key in LIBRARY.entries} <= urls
    assert {url("sources", ref) for ref in EDITION.sources} <= urls
    assert {url("facts", name) for name in EDITION.facts} <= urls
