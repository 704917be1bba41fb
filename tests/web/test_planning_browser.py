"""Planning in a real browser: panels that follow what is typed, the calendar by mouse and keys, and how many things a
person must do from the patient's answers to a plan that can be signed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from nappage_web.clinic.models import Role
from nappage_web.planning import commands

from .conftest import Server, axe, overflows
from .test_planning_diary import dates
from .test_planning_pages import answered, known, ordered
from .world import Place, World, world


def enter(place: Place, role: Role, page: Any, server: Server) -> None:
    """Signs in by the session's cookie: sign-in has tests of its own."""
    for name, morsel in place.client(role).cookies.items():
        page.context.add_cookies([{"name": name, "value": morsel.value, "url": server.url}])


@pytest.fixture
def at_work(live: Server, opened: Callable[..., Any]) -> Callable[..., tuple[Place, Any]]:
    """at_work(size, role) → the clinic, and a page signed in at it."""
    made: list[World] = []

    def begin(size: str = "desk", role: Role = Role.INJECTOR, **options: Any) -> tuple[Place, Any]:
        if not made:
            made.append(world())
        page = opened(size, **options)
        enter(made[0].here, role, page, live)
        page.base = live.url
        return made[0].here, page

    return begin


def saved(page: Any) -> None:
    page.wait_for_selector("[data-save-state][data-state=saved]")
    page.wait_for_timeout(700)  # panels follow 150 to 300 ms after it
    page.wait_for_load_state("networkidle")


def until(page: Any, script: str, seconds: float = 30) -> None:
    """Waits for a script to be true. Playwright's own waiting evaluates text, which the page's policy forbids."""
    for _ in range(int(seconds * 20)):
        if page.evaluate(script):
            return
        page.wait_for_timeout(50)
    raise AssertionError(script)


def test_the_screening_follows_each_answer_and_keeps_ones_place(at_work: Callable[..., Any]) -> None:
    place, page = at_work()
    draft = place.draft(known(place), consultation={"concerns": ["facial-rejuvenation"]})
    page.goto(f"{page.base}/drafts/{draft.pk}/")
    panel = page.locator("#screening")
    assert "Cannot be cleared yet" in panel.inner_text()
    before = panel.locator(".plan-questions > li").count()
    panel.locator("[data-path='answers.patient.breastfeeding'][value=false]").check(force=True)
    saved(page)
    assert panel.locator(".plan-questions > li").count() == before - 1
    field = panel.locator("textarea[data-path='answers.medications']")
    field.click()
    page.keyboard.type("warfarin", delay=20)
    page.wait_for_timeout(1500)
    assert field.input_value() == "warfarin" and field.evaluate("one => one === document.activeElement")
    page.locator("h1").click()
    until(page, "document.querySelector('#screening').innerText.includes('Relative contraindication')")
    assert not page.faults


def test_a_reload_keeps_what_was_chosen(at_work: Callable[..., Any]) -> None:
    place, page = at_work()
    draft = answered(place)
    page.goto(f"{page.base}/drafts/{draft.pk}/")
    page.get_by_text("Melasma", exact=True).first.click()
    page.get_by_text("Forehead", exact=True).first.click()
    page.get_by_label("In their own words").fill("tired skin")
    saved(page)
    page.reload()
    assert page.locator("[data-path='consultation.concerns'][value=melasma]").is_checked()
    assert page.locator("[data-path='order.areas'][value=forehead]").is_checked()
    assert page.get_by_label("In their own words").input_value() == "tired skin"
    assert not page.faults


def test_a_session_is_dragged_and_moved_by_keys(at_work: Callable[..., Any]) -> None:
    place, page = at_work()
    draft = ordered(place)
    before = dates(place, draft)
    page.goto(f"{page.base}/drafts/{draft.pk}/course")
    to = before[1] + timedelta(days=2)
    page.locator("#course button[data-session='2']").scroll_into_view_if_needed()
    page.locator("#course button[data-session='2']").hover()
    page.mouse.down()
    assert page.locator("td.target").count() > 0, "the days it may go to are shown"
    box = page.locator(f"td[data-day='{to}']").bounding_box()
    page.mouse.move(box["x"] + 8, box["y"] + 8, steps=6)
    page.mouse.up()
    page.wait_for_selector(f"td[data-day='{to}'] button[data-session='2']")
    assert dates(place, draft)[1] == to
    page.locator("#course button[data-session='2']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"td[data-day='{to + timedelta(days=1)}'] button[data-session='2']")
    page.locator("#day-2").fill(str(before[0] + timedelta(days=2)))
    page.locator("#day-2").dispatch_event("change")
    page.wait_for_selector("#course [role=alert]")
    assert "apart" in page.locator("#course [role=alert]").inner_text()
    assert dates(place, draft)[1] == to + timedelta(days=1)
    assert [fault for fault in page.faults if "422" not in fault] == []


def test_lines_of_the_mixture_are_added_and_doses_follow(at_work: Callable[..., Any]) -> None:
    place, page = at_work()
    draft = answered(place)
    page.goto(f"{page.base}/drafts/{draft.pk}/formulation")
    page.get_by_role("button", name="Add a line").click()
    field = page.locator("[data-path='order.mixture.0.product']")
    field.wait_for()
    field.press_sequentially("lidoc", delay=40)
    page.locator("[role=option]", has_text="Lidocaine 1").first.click()
    page.locator("[data-path='order.mixture.0.volume_ml']").fill("2")
    page.locator("h1").click()
    until(page, "document.querySelector('#doses').innerText.includes('20 mg')")
    page.locator("[data-path='order.mixture.0.volume_ml']").fill("60")
    page.locator("h1").click()
    until(page, "document.querySelector('#doses .badge').innerText.includes('Over a limit')")
    page.get_by_role("button", name="Take out").first.click()
    until(page, "!document.querySelector('[data-line]')")
    assert not page.faults


def test_from_answers_to_a_plan_ready_to_sign_in_few_steps(at_work: Callable[..., Any]) -> None:
    """Counts every click and every field filled; the target of the whole journey is forty."""
    place, page = at_work()
    commands.add_room(place.actor(Role.LEAD), name="Room 1")
    draft = answered(place)
    steps = 0

    def did(act: Callable[[], Any]) -> None:
        nonlocal steps
        steps += 1
        act()

    page.goto(f"{page.base}/drafts/{draft.pk}/")
    did(lambda: page.get_by_text("Facial rejuvenation", exact=True).first.click())
    for area in ("Cheek", "Jawline"):
        did(lambda area=area: page.get_by_text(area, exact=True).first.click())
    page.wait_for_selector("#choice button[value=facial-rejuvenation]")
    saved(page)
    did(lambda: page.locator("#choice button[value=facial-rejuvenation]").click())
    page.wait_for_url("**/formulation")
    product = page.locator("[data-path='order.mixture.0.product']")
    if product.count() == 0:
        did(lambda: page.get_by_role("button", name="Add a line").click())
        product.wait_for()
    did(lambda: product.fill("NCTF 135 HA"))
    did(lambda: page.locator("[data-path='order.mixture.0.volume_ml']").fill("3"))
    did(lambda: page.locator("[data-path='order.technique']").select_option("papule"))
    did(lambda: page.get_by_role("button", name="None").click())
    page.wait_for_selector("#doses form input[name=reason]")
    saved(page)
    did(lambda: page.locator("#doses input[name=reason]").fill("One vial a session"))
    did(lambda: page.get_by_role("button", name="Accept").click())
    page.wait_for_selector("#doses .badge.go")
    did(lambda: page.get_by_role("link", name="On to: Map").click())
    page.wait_for_selector(".me-totals")
    page.wait_for_timeout(4000)
    before = steps
    did(lambda: page.get_by_role("button", name="Start from what is published").click())
    page.wait_for_selector(".me-totals")
    page.wait_for_timeout(2000)
    on_map = steps - before
    did(lambda: page.get_by_role("link", name="On to: Course").click())
    page.wait_for_selector("#course table")
    did(lambda: page.get_by_role("button", name="Book all sessions").click())
    page.wait_for_url("**/review")
    page.wait_for_selector("#whole h2")
    until(page, "!document.querySelector('#whole .skeleton')")
    assert "Nothing stands in the way" in page.locator("#whole").inner_text(), page.locator("#whole aside").inner_text()
    assert steps <= 20 and on_map <= 10, steps
    assert not page.faults


PAGES = ("", "formulation", "course", "review")


@pytest.mark.parametrize(("scheme", "size"), [("light", "phone"), ("dark", "tablet"), ("light", "desk")])
def test_each_page_fits_and_can_be_read_by_everybody(at_work: Callable[..., Any], size: str, scheme: str) -> None:
    place, page = at_work(size, Role.LEAD, color_scheme=scheme)
    commands.add_room(place.actor(Role.LEAD), name="Room 1")
    full, bare = ordered(place), place.draft(known(place, "Paul Roux"), consultation={"concerns": ["melasma"]})
    commands.book_course(
        place.actor(Role.INJECTOR),
        full,
        staff=place.staff[Role.INJECTOR],
        room=None,
        clock="10:30",
        minutes=30,
        cream_minutes=0,
    )
    first: date = dates(place, full)[0]
    paths = [f"/drafts/{draft.pk}/{name}" for draft in (full, bare) for name in PAGES]
    paths += ["/", f"/diary/?day={first}", f"/diary/?day={first}&view=week", "/diary/rooms", "/protocols/",
              f"/patients/{full.patient_id}/packages"]  # fmt: skip
    wrong = []
    for path in paths:
        page.goto(f"{page.base}{path}")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(300)
        wrong += [f"{path}: {one}" for one in axe(page)]
        if overflows(page):
            wrong.append(f"{path}: {overflows(page)} px too wide")
    assert not wrong, "\n".join(wrong)
    assert not page.faults


@pytest.mark.browser
def test_a_map_that_cannot_be_loaded_says_so_and_is_tried_again(at_work: Callable[..., Any]) -> None:
    place, page = at_work("tablet")
    draft = ordered(place)
    reach = {"script": False, "data": False}
    page.route("**/map-editor.min*.js*", lambda route: route.continue_() if reach["script"] else route.abort())
    page.route("**/map/edit", lambda route: route.continue_() if reach["data"] else route.abort())
    page.goto(f"{page.base}/drafts/{draft.pk}/map")
    failed = page.locator("[data-map-failed]")
    for part in ("script", "data"):
        failed.wait_for()
        assert "could not be loaded" in failed.inner_text() and not page.locator("[data-map-wait]").is_visible()
        reach[part] = True
        page.get_by_role("button", name="Try again").click()
    until(page, "document.querySelector('[data-map-editor]').editor?.settled === true")
    assert failed.count() == 0 and page.locator("[data-map-editor] [aria-label='Undo']").count() == 1


@pytest.mark.browser
def test_a_panel_that_is_awaited_says_that_it_is_busy(at_work: Callable[..., Any]) -> None:
    place, page = at_work("tablet")
    draft = ordered(place)
    held: list[Any] = []
    page.route("**/doses", lambda route: held.append(route))
    page.goto(f"{page.base}/drafts/{draft.pk}/formulation")
    page.locator('[data-path="order.syringe_ml"]').fill("5")
    until(page, "document.querySelector('#doses-panel').getAttribute('aria-busy') === 'true'")
    while not held:
        page.wait_for_timeout(50)
    held.pop().continue_()
    until(page, "!document.querySelector('#doses-panel').hasAttribute('aria-busy')")


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_a_scale_entered_by_keys_shows_its_score_in_its_place(at_work: Callable[..., Any], size: str) -> None:
    place, page = at_work(size)
    draft = place.draft(known(place), consultation={"concerns": ["melasma"]})
    page.goto(f"{page.base}/drafts/{draft.pk}/")
    form = page.locator("#scale-mmasi")
    assert not page.locator("#scale-dlqi").get_attribute("open")
    fields = form.locator("select").all()
    for field in fields[:-1]:
        field.focus()
        page.keyboard.press("2")
    saved(page)
    until(page, "document.querySelector('#score-mmasi').innerText.includes('Missing: Chin: Darkness')")
    fields[-1].focus()
    page.keyboard.press("2")
    until(page, "document.querySelector('#score-mmasi strong')?.innerText === '4'")
    assert all(field.bounding_box()["height"] >= 44 for field in fields)
    assert fields[-1].evaluate("one => one === document.activeElement")
    assert not overflows(page) and not axe(page)
    assert not page.faults


@pytest.mark.browser
def test_what_cannot_be_read_is_marked_at_its_field_until_it_can(at_work: Callable[..., Any]) -> None:
    place, page = at_work("tablet")
    page.goto(f"{page.base}/drafts/{ordered(place).pk}/formulation")
    field = page.locator('[data-path="order.syringe_ml"]')
    field.fill("x")
    saved(page)
    told = page.locator(f"[id='{field.get_attribute('aria-describedby')}']")
    assert field.get_attribute("aria-invalid") == "true"
    assert told.inner_text().startswith("Syringe holds, mL: This must be a number") and axe(page) == []
    field.fill("5")
    saved(page)
    assert field.get_attribute("aria-invalid") is None and told.count() == 0
