"""Two tabs, a lock, a lost connection: nothing that was typed is lost, and nothing of anybody's is overwritten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from nappage_web.clinic.models import Role, SignedIn
from nappage_web.patients.models import Draft

from ..conftest import Server
from ..world import PASSWORD, Place, world
from .steps import look, picture, saved, sign_in

pytestmark = pytest.mark.browser
Opened = Callable[..., Any]


@pytest.fixture
def here(live: Server) -> Place:
    return world().here


def notes(draft: Draft) -> str | None:
    draft.refresh_from_db()
    return draft.body.get("consultation", {}).get("notes")  # type: ignore[no-any-return]


def opened_draft(live: Server, opened: Opened, here: Place) -> tuple[Draft, Any]:
    draft = here.draft(here.patient(sex="female"))
    page = opened("tablet")
    sign_in(page, live, here, Role.INJECTOR)
    page.goto(f"{live.url}/drafts/{draft.pk}/")
    return draft, page


@pytest.mark.parametrize(("choice", "kept"), [("Use mine", "by the window"), ("Keep theirs", "at the desk")])
def test_two_tabs_on_one_draft(live: Server, opened: Opened, here: Place, choice: str, kept: str) -> None:
    draft, mine = opened_draft(live, opened, here)
    other = mine.context.new_page()
    other.goto(mine.url)
    other.get_by_label("Notes").fill("at the desk")
    saved(other)
    mine.bring_to_front()
    mine.get_by_label("Notes").fill("by the window")
    dialog = mine.get_by_role("dialog", name="Two people changed this")
    dialog.wait_for()
    assert "by the window" in dialog.inner_text() and "at the desk" in dialog.inner_text()
    assert notes(draft) == "at the desk", "nothing is overwritten before somebody chose"
    mine.faults.clear()  # the 409 itself is told on the console
    if choice == "Use mine":
        look(mine)
        picture(mine, "two-tabs")
    dialog.get_by_role("button", name=choice).click()
    dialog.wait_for(state="detached")
    saved(mine)
    assert mine.get_by_label("Notes").input_value() == notes(draft) == kept
    mine.reload()
    assert mine.get_by_label("Notes").input_value() == kept
    assert mine.faults == []


def test_locked_in_mid_sentence(live: Server, opened: Opened, here: Place) -> None:
    draft, page = opened_draft(live, opened, here)
    page.get_by_label("Notes").click()
    page.keyboard.type("Prefers mornings, and ")
    saved(page)
    SignedIn.objects.update(last_active=timezone.now() - timedelta(minutes=30))  # half an hour away from the desk
    page.keyboard.type("asks about bruis")
    lock = page.get_by_role("dialog", name="This session is locked")
    lock.wait_for()
    assert page.locator("main").evaluate("main => main.inert")
    assert notes(draft) == "Prefers mornings, and ", "nothing is written into a locked session"
    page.faults.clear()  # the 423 itself
    look(page)
    picture(page, "locked")
    page.get_by_label("PIN or password").fill(PASSWORD)
    page.get_by_role("button", name="Unlock").click()
    lock.wait_for(state="detached")
    assert page.get_by_label("Notes").input_value() == "Prefers mornings, and asks about bruis"
    page.keyboard.type("ing")
    saved(page)
    assert notes(draft) == "Prefers mornings, and asks about bruising"


def test_a_lost_connection(live: Server, opened: Opened, here: Place) -> None:
    draft, page = opened_draft(live, opened, here)
    look(page)
    state = page.locator("[data-save-state]")
    page.context.set_offline(True)
    page.get_by_label("Notes").fill("typed in the lift")
    page.wait_for_selector("[data-save-state][data-state=waiting]")
    assert "no connection" in state.inner_text() and notes(draft) is None
    picture(page, "offline", page.get_by_label("Notes"))
    page.context.set_offline(False)
    saved(page)
    assert notes(draft) == "typed in the lift"

    page.context.set_offline(True)
    page.get_by_label("Notes").fill("typed in the cellar")
    page.wait_for_selector("[data-save-state][data-state=waiting]")
    page.route("**/edits", lambda route: route.abort())  # the pages come again before the saving does
    page.context.set_offline(False)
    page.reload()
    assert page.get_by_label("Notes").input_value() == "typed in the cellar", (
        "what had not arrived is in its field again"
    )
    assert notes(draft) == "typed in the lift"
    page.unroute("**/edits")
    saved(page)
    assert notes(draft) == "typed in the cellar"
