"""The page of components: whole, reachable by keys, readable and large enough, in every size, theme and language."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

import nappage_web

from .conftest import Server, axe, overflows

Opened = Callable[..., Any]
DESIGN = Path(nappage_web.__file__).parent / "design"


def look(page: Any, live: Server, path: str = "design/") -> Any:
    page.goto(f"{live.url}/{path}")
    page.wait_for_load_state("networkidle")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "tablet", "desk"])
def test_every_component_meets_wcag(live: Server, opened: Opened, size: str, scheme: str) -> None:
    page = look(opened(size, color_scheme=scheme), live)
    for one in page.locator("details > summary").all():
        one.click()
    page.evaluate("scrollTo(0, 0)")  # whatever lies under the sticky bar would count as small
    assert axe(page) == [] and overflows(page) <= 0
    page.get_by_role("button", name="Open a dialog").click()
    assert axe(page) == []
    assert page.faults == []


def test_the_chosen_theme_outlives_the_page_and_overrules_the_devices(live: Server, opened: Opened) -> None:
    page = look(opened("desk", color_scheme="light"), live)
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("button", name="Dark").click()
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == dark and axe(page) == []
    page.get_by_role("button", name="As the device").click()
    assert page.evaluate(paper) == light


@pytest.mark.parametrize("path", ["design/", "accounts/login/", "nothing/here"])
def test_nothing_is_wider_than_a_small_phone(live: Server, opened: Opened, path: str) -> None:
    page = opened("phone")
    page.set_viewport_size({"width": 360, "height": 740})
    assert overflows(look(page, live, path)) <= 0


@pytest.mark.parametrize(("touch", "least"), [(False, 44), (True, 48)])
def test_targets_are_large_enough_for_gloved_fingers(live: Server, opened: Opened, touch: bool, least: int) -> None:
    """Links in running text aside, as WCAG has it; a box in a choice is reached through the whole choice."""
    page = look(opened("tablet", has_touch=touch, is_mobile=touch), live)
    small = page.evaluate(
        """least => [...document.querySelectorAll("button, a, input, select, textarea, summary, .choice")]
        .filter(one => one.checkVisibility() && !one.closest("p, .skip, dialog:not([open])"))
        .filter(one => !one.matches(".choice input"))
        .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
        .filter(([, box]) => box.height < least - .5 || box.width < least - .5)
        .map(([html, box]) => `${html} ${box.width} × ${box.height}`)""",
        least,
    )
    assert small == []


def test_a_number_is_stepped_within_its_field(live: Server, opened: Opened) -> None:
    page = look(opened("tablet"), live)
    page.get_by_role("button", name="One session more").click(click_count=2)
    assert page.get_by_label("Sessions", exact=True).input_value() == "5"
    page.get_by_role("button", name="One session less").click()
    assert page.get_by_label("Sessions", exact=True).input_value() == "4"


def test_who_types_at_once_into_a_field_that_has_just_come_loses_nothing(live: Server, opened: Opened) -> None:
    page = look(opened("tablet"), live)
    page.evaluate("""() => {
        const late = Object.assign(document.createElement("input"), {id: "late"});
        late.dataset.suggest = "/nothing";
        document.querySelector("main").append(late);
        late.focus();
        document.body.dispatchEvent(new CustomEvent("htmx:load", {detail: {elt: late}}));
    }""")
    page.keyboard.type("li")
    late = page.locator("#late")
    assert late.input_value() == "li" and late.get_attribute("role") == "combobox"


def test_suggestions_are_chosen_by_keys_and_told_to_a_screen_reader(live: Server, opened: Opened) -> None:
    page = look(opened("tablet"), live)
    field = page.get_by_role("combobox", name="Product")
    field.press_sequentially("lido")
    page.locator("[role=option]:visible").first.wait_for()
    assert field.get_attribute("aria-expanded") == "true" and axe(page) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    assert chosen.get_attribute("id") == field.get_attribute("aria-activedescendant")
    page.keyboard.press("Enter")
    assert field.input_value() == "Lidocaine and prilocaine cream"
    assert field.get_attribute("aria-expanded") == "false"
    field.fill("hyal")
    page.locator("[role=option]:visible").first.wait_for()
    page.keyboard.press("Escape")
    assert page.locator("[role=option]:visible").count() == 0 and field.input_value() == "hyal"


def test_a_panel_that_fails_says_so_until_it_is_closed_and_tries_again(live: Server, opened: Opened) -> None:
    page = look(opened("tablet"), live)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "missing" in request.url else None)
    page.get_by_role("button", name="Try it").click()
    told = page.locator("#toasts .notice")
    told.wait_for()
    assert axe(page) == []
    told.get_by_role("button", name="Try again").click()
    told.wait_for()
    assert len(asked) == 2 and told.count() == 1
    told.get_by_role("button", name="Close").click()
    assert told.count() == 0


def test_what_takes_longer_than_a_second_shows_progress(live: Server, opened: Opened) -> None:
    page = look(opened("tablet"), live)
    waiting: list[Any] = []
    page.route("**/missing", lambda route: waiting.append(route))
    page.get_by_role("button", name="Try it").click()
    line = page.get_by_role("progressbar", name="Working…")
    assert line.count() == 0
    line.wait_for()
    waiting[0].fulfill(status=200, body="done")
    line.wait_for(state="detached")


def test_keys_need_ctrl_and_are_listed(live: Server, opened: Opened) -> None:
    page = look(opened("desk"), live)
    page.keyboard.press("/")
    assert page.get_by_role("dialog").count() == 0, "a single character does nothing: somebody may dictate"
    page.keyboard.press("Control+/")
    page.get_by_role("dialog", name="Keys").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content" or page.url.endswith("#content")


@pytest.mark.parametrize("path", ["design/", "accounts/login/"])
def test_the_first_page_is_light(live: Server, opened: Opened, path: str) -> None:
    """Everything a browser loads at first, compressed as a server would: 100 kB at most."""
    page, sizes = opened("phone"), {}
    page.on("response", lambda answer: sizes.update({answer.url: len(gzip.compress(answer.body()))}))
    look(page, live, path)
    assert any("htmx" in url for url in sizes) and any("autosave" in url for url in sizes)
    assert sum(sizes.values()) <= 100_000, sizes


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/design/", "/nothing/here", "/unlock"])
def test_no_page_has_a_style_or_a_script_within(client: Client, path: str) -> None:
    html = client.get(path).content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", html)


@pytest.mark.parametrize("code", ["400", "403", "404", "423", "500"])
def test_an_error_page_says_what_happened_and_where_to_go(code: str) -> None:
    from django.template.loader import render_to_string
    from django.utils.translation import override

    titles = set()
    for language in ("en", "fr"):
        with override(language):
            html = render_to_string(f"{code}.html")
        assert re.search(r'class="button primary" href="/', html) and f'lang="{language}"' in html
        titles |= set(re.findall(r"<h1>(.+?)</h1>", html))
    assert len(titles) == 2


def test_every_sentence_of_the_design_has_its_french() -> None:
    """What templates translate, and what scripts say."""
    from django.utils.translation import gettext, override

    templates = "".join(path.read_text() for path in DESIGN.rglob("*.html"))
    said = {a or b for a, b in re.findall(r"""\{% translate (?:"([^"]+)"|'([^']+)') %\}""", templates)}
    assert len(said) > 25
    with override("fr"):
        missing = sorted(words for words in said if gettext(words) == words)
    scripts = {path.name: path.read_text() for path in DESIGN.rglob("*.js")}
    told = {words for text in scripts.values() for words in re.findall(r'\bt\("([^"]+)"\)', text)}
    french = scripts["autosave.js"].partition("const words_")[2].partition("};")[0].partition("} : {}")[0]
    missing += sorted(words for words in told if f'"{words}":' not in french and f"{words}:" not in french)
    assert len(told) > 15 and missing == []


def test_the_compiled_french_is_that_of_the_source() -> None:
    folder = DESIGN / "locale" / "fr" / "LC_MESSAGES"
    import gettext as standard

    with (folder / "django.mo").open("rb") as file:
        compiled = {k: v for k, v in standard.GNUTranslations(file)._catalog.items() if k}  # type: ignore[attr-defined]
    source = dict(re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', (folder / "django.po").read_text(), re.M))
    assert compiled == source
