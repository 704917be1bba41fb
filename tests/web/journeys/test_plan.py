"""From a completed intake to a signed plan, by an injector and a prescriber, every interaction counted."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from PIL import Image as Pillow
from tests.injection_map.render import head, take, under_chin

from nappage.plan.consent import consent
from nappage_web.care import commands as care
from nappage_web.care import signing
from nappage_web.care.models import Photograph
from nappage_web.clinic.models import AuditEvent, Role
from nappage_web.patients import commands as patients
from nappage_web.patients.models import Draft
from nappage_web.planning import commands as planning
from nappage_web.planning import desk as desks

from ..conftest import Server
from ..test_portal import healthy
from ..world import PASSWORD, Place, world
from .steps import Hand, look, picture, saved, sign_in, until

pytestmark = pytest.mark.browser
Opened = Callable[..., Any]
MOST, MOST_ON_THE_MAP, MOST_FOR_A_PICTURE = 40, 10, 12


@pytest.fixture
def here(live: Server) -> Place:
    return world().here


def told(place: Place, name: str) -> Any:
    """A new patient who has handed in the intake, healthy."""
    patient = place.patient(name, sex="female", language="en")
    _, secret = patients.send_intake_link(place.actor(Role.FRONT_DESK), patient)
    client = Client()
    healthy(client, f"/i/{secret}/")
    client.post(f"/i/{secret}/", {"send": "1", "key": "5a0b6ac4-1a5c-4b7e-9a44-6f7b8d2f8a11"})
    return patient


def a_day_earlier(place: Place, draft: Draft, days: int) -> None:
    """The same consent to the same plan, signed so many days ago: the time to think cannot be waited for in a test,
    and no clock of the app's can be turned. Everything else of the journey is done in the browser."""
    actor = place.actor(Role.INJECTOR)
    desk = desks.at(actor, draft.pk)
    plan = signing.plan_of(desk)
    assert plan is not None
    text = consent(plan, desk.edition, place.clinic.today() - timedelta(days=days), row=desk.reading.facts.row)
    agreed = [one.id for one in text.statements]
    sent = {"name": draft.patient.name, "strokes": "M10 20L30 40L50 60L70 20", "identity": "known", "agreed": agreed}
    care.give_consent(actor, draft.patient, text, sent)


def front() -> bytes:
    """A drawn person photographed from the front, the card below the chin, as a camera's file with a maker's name."""
    person, file, exif = head(100), io.BytesIO(), Pillow.Exif()
    exif[0x010F] = "SecretMaker"
    shot = take(person, [under_chin(person)], focal_px=2400, size_px=(1000, 1250))
    Pillow.fromarray(shot.image).save(file, "JPEG", quality=92, exif=exif)
    return file.getvalue()


def photographed(page: Any, draft: Draft) -> list[str]:
    """Consent to photographs on the screen, then the view from the front through the page's own button."""
    hand = Hand(page)
    hand.click(page.get_by_role("link", name="Ask for it"))
    consented(hand, draft.patient.name)
    page.wait_for_url("**/photographs/")
    view = page.locator("[data-view=front]")
    assert "missing" in view.inner_text()
    view.locator("[type=file]").set_input_files({"name": "f.jpg", "mimeType": "image/jpeg", "buffer": front()})
    hand.done.append("take the view from the front")
    page.get_by_alt_text("Photograph, front").wait_for()
    until(page, "document.querySelector('[data-view=front] img').naturalWidth === 1000")
    assert "good" in view.locator("header").inner_text() and "missing" not in view.inner_text()
    kept = Photograph._base_manager.get(draft=draft)
    assert kept.view == "front" and b"SecretMaker" not in bytes(kept.content)
    assert AuditEvent.objects.filter(action="photograph.view", subject=str(kept.pk)).exists()
    return hand.done


def consented(hand: Hand, name: str) -> None:
    """The text's lines agreed to, the name written and drawn, who it is said: kept."""
    page = hand.page
    for line in page.locator("label:has(input[name=agreed])").all():
        hand.click(line)
    hand.fill(page.get_by_label("Name, as the patient writes it"), name)
    hand.draw(page.locator("[data-pad]"))
    hand.click(page.locator("label:has(input[name=identity])").first)
    picture(page, "consent", page.locator("[data-pad]"))
    hand.click(page.get_by_role("button", name="Keep this consent"))


def test_from_intake_to_a_signed_plan(live: Server, opened: Opened, here: Place, capsys: Any) -> None:
    planning.add_room(here.actor(Role.LEAD), name="Room 1")
    patient = told(here, "Ana Flores")
    page = opened("desk")
    sign_in(page, live, here, Role.INJECTOR)
    page.goto(f"{live.url}/")
    hand = Hand(page)
    hand.click(page.get_by_role("link", name="Ana Flores").first)
    hand.click(page.get_by_role("button", name="Begin the consultation"))
    page.wait_for_url("**/drafts/**")
    draft = Draft.objects.of(here.actor(Role.INJECTOR)).get(kind="plan", patient=patient)
    hand.click(page.get_by_text("Facial rejuvenation", exact=True).first)
    hand.click(page.get_by_text("Cheek", exact=True).first)
    hand.click(page.get_by_text("Jawline", exact=True).first)
    saved(page)
    picture(page, "consultation")
    hand.click(page.get_by_role("button", name="Examined: nothing"))
    hand.click(page.locator("label.chip:has(input[name=phototype][value='3'])"))
    saved(page)
    look(page)
    hand.click(page.locator("#choice button[value=facial-rejuvenation]"))
    page.wait_for_url("**/formulation")
    product = page.locator("[data-path='order.mixture.0.product']")
    if product.count() == 0:
        hand.click(page.get_by_role("button", name="Add a line"))
        product.wait_for()
    hand.fill(product, "NCTF 135 HA")
    hand.fill(page.locator("[data-path='order.mixture.0.volume_ml']"), "3")
    hand.select(page.locator("[data-path='order.technique']"), "papule")
    hand.click(page.get_by_role("button", name="None"))
    page.wait_for_selector("#doses form input[name=reason]")
    saved(page)
    hand.fill(page.locator("#doses input[name=reason]"), "One vial a session")
    hand.click(page.get_by_role("button", name="Accept"))
    page.wait_for_selector("#doses .badge.go")
    look(page)
    picture(page, "formulation")
    hand.click(page.get_by_role("link", name="On to: Map"))
    page.wait_for_selector(".me-totals")
    page.wait_for_load_state("networkidle")
    before = len(hand.done)
    hand.click(page.get_by_role("button", name="Start from what is published"))
    page.wait_for_selector(".me-totals")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    hand.fill(page.get_by_label("Spacing mm"), "9")
    page.keyboard.press("Enter")
    page.wait_for_timeout(1500)
    page.wait_for_load_state("networkidle")
    points = int(page.locator(".me-totals dd").first.inner_text().split()[0])
    assert 90 <= points <= 115, points
    picture(page, "map")
    on_map = len(hand.done) - before
    look(page)
    hand.click(page.get_by_role("link", name="On to: Course"))
    page.wait_for_selector("#course table")
    look(page)
    picture(page, "course")
    hand.click(page.get_by_role("button", name="Book all sessions"))
    page.wait_for_url("**/review")
    page.wait_for_selector("#whole h2")
    until(page, "!document.querySelector('#whole .skeleton')")
    assert "Nothing stands in the way" in page.locator("#whole").inner_text(), page.locator("#whole aside").inner_text()
    look(page)
    picture(page, "review")
    hand.click(page.get_by_role("link", name="On to: Photographs"))
    camera = photographed(page, draft)
    hand.fill(page.get_by_label("Why (for the record"), "The patient does not want the other views")
    saved(page)
    look(page)
    picture(page, "photographs")
    hand.click(page.get_by_role("link", name="On to: Consent"))
    look(page)
    consented(hand, "Ana Flores")
    page.get_by_text("Time to think until").wait_for()
    look(page)

    prescriber = opened("tablet")
    sign_in(prescriber, live, here, Role.PRESCRIBER)
    prescriber.goto(f"{live.url}/drafts/{draft.pk}/sign/")
    assert "time to think runs until" in prescriber.locator("main").inner_text()
    assert prescriber.get_by_role("button", name="Sign this plan").count() == 0
    draft.refresh_from_db()
    a_day_earlier(here, draft, days=2)

    prescriber.goto(f"{live.url}/")
    theirs = Hand(prescriber)
    theirs.click(prescriber.get_by_role("link", name="Ana Flores").first)
    theirs.click(prescriber.get_by_role("link", name="Sign", exact=True))
    look(prescriber)
    theirs.fill(prescriber.get_by_label("Your PIN or password"), PASSWORD)
    picture(prescriber, "sign")
    theirs.click(prescriber.get_by_role("button", name="Sign this plan"))
    prescriber.wait_for_url("**/plans/**")
    steps, seconds = len(hand.done) + len(theirs.done), hand.seconds
    look(prescriber)
    picture(prescriber, "plan")
    with capsys.disabled():
        print(
            f"\nfrom completed intake to signed plan: {steps} interactions, {on_map} of them on the map of {points}; "
            f"{seconds:.0f} s without the inspection of pages; {len(camera)} more for photographs\n  "
            + "\n  ".join(hand.done + theirs.done + camera)
        )
    assert steps <= MOST and on_map <= MOST_ON_THE_MAP and len(camera) <= MOST_FOR_A_PICTURE

    files = prescriber.locator("a[href$='.pdf']")
    assert files.count() >= 2
    for one in files.all():
        got = prescriber.request.get(f"{live.url}{one.get_attribute('href')}")
        assert got.headers["content-type"] == "application/pdf" and got.body().startswith(b"%PDF")
    prescriber.get_by_role("button", name="Amend").click()
    prescriber.wait_for_url("**/drafts/**")
    prescriber.get_by_role("link", name="Map", exact=True).click()
    prescriber.wait_for_selector(".me-totals")
    prescriber.wait_for_load_state("networkidle")
    prescriber.get_by_label("Spacing mm").fill("11")
    prescriber.keyboard.press("Enter")
    prescriber.wait_for_timeout(1500)
    prescriber.wait_for_load_state("networkidle")
    prescriber.get_by_role("link", name="Sign", exact=True).click()
    changed = prescriber.locator("section", has_text="What this amendment changes")
    assert "11" in changed.inner_text() and "9" in changed.inner_text()
    assert "Depth" not in changed.inner_text(), "1 and 1.0 are no difference"
    assert "changed after the patient consented" in prescriber.locator("main").inner_text()
    look(prescriber)
    picture(prescriber, "amendment", changed)
