"""Nothing typed is lost: autosave and the lock in a real browser, against the real server."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from nappage_web.clinic.models import Role, SignedIn
from nappage_web.patients.models import Draft, Edit

from .conftest import Server
from .world import PASSWORD, Place, world

Opened = Callable[..., Any]
NOTES = "[data-path='consultation.notes']"
WORDS = "[data-path='consultation.own_words']"


class Desk:
    """A clinic, one draft of its, and browsers that have it open."""

    def __init__(self, live: Server, opened: Opened) -> None:
        self.live, self.opened = live, opened
        self.place: Place = world().here
        self.draft: Draft = self.place.draft(self.place.patient(), consultation={"concerns": []})
        self.url = f"{live.url}/drafts/{self.draft.pk}/"

    def sit(self, role: Role = Role.INJECTOR) -> Any:
        """The draft's page, in a browser of its own."""
        page = self.opened("tablet")
        self.enter(page, role)
        return self.look(page)

    def enter(self, page: Any, role: Role) -> None:
        cookie = self.place.client(role).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": self.live.url}])

    def look(self, page: Any) -> Any:
        page.goto(self.url)
        page.wait_for_load_state("networkidle")
        return page

    def notes(self) -> Any:
        return self.said("notes")

    def said(self, name: str) -> Any:
        self.draft.refresh_from_db()
        return self.draft.body["consultation"].get(name)


@pytest.fixture
def desk(live: Server, opened: Opened) -> Desk:
    return Desk(live, opened)


def state(page: Any, name: str) -> str:
    place = page.locator(f"[data-save-state][data-state={name}]")
    place.wait_for()
    return str(place.inner_text())


def outbox(page: Any) -> list[dict[str, Any]]:
    """What this browser keeps unsent, of all its pages."""
    kept = page.evaluate("Object.entries(localStorage).filter(([key]) => key.startsWith('nappage.outbox'))")
    return [edit for _, edits in kept for edit in json.loads(edits)]


def answer_with(page: Any, status: int, body: str, kind: str = "text/html") -> None:
    page.route("**/edits", lambda route: route.fulfill(status=status, body=body, content_type=kind))


def until(page: Any, check: Callable[[], bool]) -> None:
    for _ in range(200):
        if check():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come to be")


def test_what_is_typed_is_saved_and_leaves_the_device(desk: Desk) -> None:
    page = desk.sit()
    page.locator(NOTES).press_sequentially("Two words", delay=5)
    assert "Saved" in state(page, "saved")
    page.locator(NOTES).blur()  # a change that was saved already
    page.wait_for_timeout(300)
    assert desk.notes() == "Two words" and outbox(page) == []
    assert Edit._base_manager.filter(path="consultation.notes").count() == 1
    page.locator("[data-path='consultation.goals']").fill("smoother\n\n glow ")
    until(page, lambda: desk.said("goals") == ["smoother", "glow"])
    assert page.faults == []


def test_without_a_connection_it_waits_on_the_device_and_is_sent_when_it_is_back(desk: Desk) -> None:
    page = desk.sit()
    page.context.set_offline(True)
    page.locator(NOTES).fill("typed in the cellar")
    page.locator(WORDS).fill("and more")
    until(page, lambda: {edit["value"] for edit in outbox(page)} == {"typed in the cellar", "and more"})
    until(page, lambda: "no connection" in state(page, "waiting"))
    page.context.set_offline(False)
    until(page, lambda: desk.notes() == "typed in the cellar" and desk.said("own_words") == "and more")
    until(page, lambda: outbox(page) == [])


def test_a_reload_before_the_server_answers_puts_it_back_and_sends_it_once(desk: Desk) -> None:
    page = desk.sit()
    page.route("**/edits", lambda route: route.abort())
    page.locator(NOTES).fill("half a sentence")
    state(page, "waiting")
    page.reload()
    until(page, lambda: page.locator(NOTES).input_value() == "half a sentence")
    page.unroute("**/edits")
    state(page, "saved")
    assert desk.notes() == "half a sentence" and outbox(page) == []
    assert Edit._base_manager.filter(path="consultation.notes").count() == 1


def test_leaving_in_mid_word_keeps_the_word(desk: Desk) -> None:
    """No pause in the typing yet: neither sent nor in the outbox until the page goes."""
    page = desk.sit()
    page.locator(NOTES).press_sequentially("unfinish")
    desk.look(page)
    until(page, lambda: desk.notes() == "unfinish")
    until(page, lambda: page.locator(NOTES).input_value() == "unfinish")


def test_an_acknowledgement_that_got_lost_is_asked_for_again(desk: Desk) -> None:
    page = desk.sit()
    lost: list[int] = []

    def lose(route: Any) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)  # the server has it, and its answer never arrives
            route.abort()

    page.route("**/edits", lose)
    page.locator(NOTES).fill("once")
    state(page, "saved")
    assert lost == [200] and desk.notes() == "once"
    assert Edit._base_manager.filter(path="consultation.notes").count() == 1
    page.locator(NOTES).fill("and on")
    until(page, lambda: desk.notes() == "and on")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, "<h1>Welcome to the guest network</h1>", "text/html"),
        (200, '{"ok": true}', "application/json"),
        (404, "<h1>Not here</h1>", "text/html"),
        (409, "{}", "application/json"),
        (502, "", "text/html"),
    ],
)
def test_only_the_servers_own_acknowledgement_counts(desk: Desk, status: int, body: str, kind: str) -> None:
    page = desk.sit()
    answer_with(page, status, body, kind)
    page.locator(NOTES).fill("precious")
    assert "does not answer" in state(page, "waiting")
    assert [edit["value"] for edit in outbox(page)] == ["precious"]
    page.unroute("**/edits")
    until(page, lambda: desk.notes() == "precious")


def test_two_tabs_of_one_browser_keep_their_own_and_the_last_open_takes_over(desk: Desk) -> None:
    one = desk.sit()
    two = desk.look(one.context.new_page())
    two.context.route("**/edits", lambda route: route.abort())
    one.locator(NOTES).fill("from the first")
    two.locator(WORDS).fill("from the second")
    state(one, "waiting")
    state(two, "waiting")
    assert {edit["value"] for edit in outbox(one)} == {"from the first", "from the second"}
    one.close()
    until(two, lambda: two.locator(NOTES).input_value() == "from the first")
    two.context.unroute("**/edits")
    until(two, lambda: desk.notes() == "from the first" and desk.said("own_words") == "from the second")
    until(two, lambda: outbox(two) == [])


def test_a_tab_that_was_duplicated_has_an_outbox_of_its_own(desk: Desk) -> None:
    """A duplicate inherits the session storage: no key may come from there."""
    one = desk.sit()
    with one.context.expect_page() as opening:
        one.evaluate("window.open(location.href) && null")
    two = opening.value
    two.wait_for_load_state("networkidle")
    for page in (one, two):
        page.route("**/edits", lambda route: route.abort())
    one.locator(NOTES).fill("first")
    state(one, "waiting")
    two.locator(WORDS).fill("second")
    state(two, "waiting")
    assert {edit["value"] for edit in outbox(one)} == {"first", "second"}


@pytest.mark.parametrize("choice", ["Use mine", "Keep theirs"])
def test_two_who_change_the_same_place_see_both_and_choose(desk: Desk, choice: str) -> None:
    one, two = desk.sit(), desk.sit(Role.PRESCRIBER)
    one.locator(NOTES).fill("by the injector")
    state(one, "saved")
    two.locator(NOTES).fill("by the prescriber")
    dialog = two.get_by_role("dialog")
    dialog.wait_for()
    assert "by the injector" in dialog.inner_text() and "by the prescriber" in dialog.inner_text()
    assert desk.notes() == "by the injector"
    for _ in range(3):
        two.keyboard.press("Escape")
    dialog.wait_for()  # closed by force it opens again: a choice must be made
    two.reload()
    dialog.wait_for()
    dialog.get_by_role("button", name=choice).click()
    state(two, "saved")
    right = "by the prescriber" if choice == "Use mine" else "by the injector"
    until(two, lambda: desk.notes() == right)
    assert two.locator(NOTES).input_value() == right and outbox(two) == []
    assert Edit._base_manager.filter(outcome=Edit.Outcome.CONFLICT).count() == 1, "what was set aside is kept"
    two.locator(NOTES).fill("on we go")
    until(two, lambda: desk.notes() == "on we go")


def test_saving_elsewhere_does_not_make_unseen_changes_seen(desk: Desk) -> None:
    """The page still shows the old notes after saving another field: typing over them must ask."""
    one, two = desk.sit(), desk.sit(Role.PRESCRIBER)
    one.locator(NOTES).fill("allergic to lidocaine")
    state(one, "saved")
    two.locator(WORDS).fill("something else")
    state(two, "saved")
    two.locator(WORDS).fill("something else again")
    until(two, lambda: desk.said("own_words") == "something else again")
    assert two.get_by_role("dialog").count() == 0, "one's own edits are no conflict"
    two.locator(NOTES).fill("nothing to note")
    two.get_by_role("dialog").wait_for()
    assert desk.notes() == "allergic to lidocaine"


def test_what_was_typed_before_anothers_change_and_arrives_after_it_asks(desk: Desk) -> None:
    one, two = desk.sit(), desk.sit(Role.PRESCRIBER)
    two.context.set_offline(True)
    two.locator(NOTES).fill("typed offline")
    state(two, "waiting")
    one.locator(NOTES).fill("typed meanwhile")
    state(one, "saved")
    two.context.set_offline(False)
    desk.look(two)
    two.get_by_role("dialog").wait_for()
    assert desk.notes() == "typed meanwhile"


def test_a_lock_in_mid_sentence_keeps_the_page_and_saves_after_unlocking(desk: Desk) -> None:
    page = desk.sit()
    user = desk.place.staff[Role.INJECTOR].user
    SignedIn.objects.filter(user=user).update(last_active=timezone.now() - timedelta(minutes=10))
    page.locator(NOTES).press_sequentially("in the middle of")
    lock = page.get_by_role("dialog", name="This session is locked")
    lock.wait_for()
    assert page.title() == "nappage" and not page.locator(NOTES).is_visible()
    assert page.get_by_role("textbox").count() == 1, "under the lock nothing is told, not even to a screen reader"
    assert desk.notes() is None and [e["value"] for e in outbox(page)] == ["in the middle of"]
    for _ in range(3):
        page.keyboard.press("Escape")
    assert lock.is_visible()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    lock.wait_for(state="detached")
    page.keyboard.type(" it")
    until(page, lambda: desk.notes() == "in the middle of it")
    until(page, lambda: outbox(page) == [])


def test_a_lock_stands_above_an_open_choice_and_can_be_opened(desk: Desk) -> None:
    one, two = desk.sit(), desk.sit(Role.PRESCRIBER)
    one.locator(NOTES).fill("one")
    state(one, "saved")
    two.locator(NOTES).fill("two")
    two.get_by_role("dialog").wait_for()
    SignedIn.objects.filter(user=desk.place.staff[Role.PRESCRIBER].user).update(locked=True)
    two.evaluate("dispatchEvent(new Event('focus'))")
    two.get_by_role("dialog", name="This session is locked").wait_for()
    assert not two.get_by_text("Two people changed this").is_visible()
    two.get_by_label("PIN or password").fill(PASSWORD)
    two.get_by_role("button", name="Unlock").click()
    two.get_by_role("button", name="Use mine").click()
    until(two, lambda: desk.notes() == "two")


def test_who_signs_in_next_on_the_device_sends_nothing_of_the_last(desk: Desk) -> None:
    page = desk.sit()
    page.route("**/edits", lambda route: route.abort())
    page.locator(NOTES).fill("the injector's words")
    state(page, "waiting")
    page.goto("about:blank")
    page.unroute("**/edits")
    desk.enter(page, Role.PRESCRIBER)
    desk.look(page)
    page.wait_for_timeout(500)
    assert page.locator(NOTES).input_value() == "" and desk.notes() is None
    desk.enter(page, Role.INJECTOR)
    desk.look(page)
    until(page, lambda: desk.notes() == "the injector's words")
    assert Edit._base_manager.get(path="consultation.notes").author == desk.place.actor(Role.INJECTOR).id


def test_signed_out_meanwhile_says_so_and_keeps_it(desk: Desk) -> None:
    page = desk.sit()
    answer_with(page, 401, "{}", "application/json")
    page.locator(NOTES).fill("kept")
    assert "sign in again" in state(page, "waiting")
    assert page.get_by_role("link", name="Sign in again").is_visible()
    assert [edit["value"] for edit in outbox(page)] == ["kept"]


def test_what_the_server_can_never_take_is_told_and_the_rest_goes_on(desk: Desk) -> None:
    page = desk.sit()
    page.locator(NOTES).fill("x" * 250_000)
    page.get_by_text("too long").first.wait_for()
    page.locator(WORDS).fill("short")
    until(page, lambda: desk.said("own_words") == "short")
    assert desk.notes() is None and outbox(page) == []
    assert page.locator(NOTES).input_value(), "what was typed still stands in its field"
    assert page.locator("#toasts").get_by_role("button", name="Close").is_visible()
    page.goto(f"{desk.live.url}/patients/")
    page.get_by_role("button", name="See them").click()
    kept = page.get_by_role("dialog", name="Typed here, and not taken")
    assert "too long" in kept.inner_text() and "consultation.notes" in kept.inner_text()
    assert len(kept.get_by_role("textbox").input_value()) == 250_000
    kept.get_by_role("button", name="Copy").click()
    kept.get_by_role("button", name="Copied").wait_for()
    desk.enter(page, Role.PRESCRIBER)
    page.goto(f"{desk.live.url}/patients/")
    assert page.locator("[data-refused]").count() == 0, "whoever else signs in does not read it"
    desk.enter(page, Role.INJECTOR)
    page.goto(f"{desk.live.url}/patients/")
    page.get_by_role("button", name="See them").click()
    kept.get_by_role("button", name="Discard").click()
    kept.wait_for(state="detached")
    page.reload()
    assert page.locator("[data-refused]").count() == 0


def test_without_storage_leaving_warns(desk: Desk) -> None:
    page = desk.sit()
    page.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"
    )
    page.route("**/edits", lambda route: route.abort())
    page.locator(NOTES).press_sequentially("nowhere to keep it")
    state(page, "waiting")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.close(run_before_unload=True)
    until(desk.opened("phone"), lambda: asked == ["beforeunload"])
