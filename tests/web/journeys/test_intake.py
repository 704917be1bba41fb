"""A patient at home with a phone: healthy, on warfarin, or called away halfway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nappage_web.clinic.models import Role
from nappage_web.patients import commands
from nappage_web.patients.models import Patient

from ..conftest import Server
from ..world import Place, world
from .steps import look, picture, sign_in

pytestmark = pytest.mark.browser
Opened = Callable[..., Any]
MEDICINES = "[data-kind=medications]"
STOP_ORDERS = (
    "stop taking",
    "stop the",
    "stop your",
    "pause",
    "skip",
    "discontinue",
    "interrupt",
    "hold the",
    "reduce",
)


@pytest.fixture
def here(live: Server) -> Place:
    return world().here


def link(place: Place, patient: Patient, server: Server) -> str:
    return f"{server.url}/i/{commands.send_intake_link(place.actor(Role.FRONT_DESK), patient)[1]}/"


def asked(page: Any) -> str | None:
    """The question on the page; None when none is left."""
    place = page.locator("input[name=question]")
    return place.input_value() if place.count() else None


def go_on(page: Any) -> None:
    with page.expect_navigation():
        page.locator("form.question button.primary").click()


def answer(page: Any) -> None:
    """As a healthy person: that is me; none of these."""
    question = asked(page)
    if page.locator("input[name=none]").count():
        page.locator("label:has(input[name=none])").click()
    else:
        value = "yes" if question == "identity" else "female"
        page.locator(f"label:has(input[value='{value}'])").click()
    go_on(page)


def walk(page: Any, until: str = "input[name=send]", met: Callable[[str], None] = lambda question: None) -> list[str]:
    """Answers until something is on the page, or until no question is left. The questions met."""
    questions: list[str] = []
    while (question := asked(page)) and not page.locator(until).count():
        assert question not in questions and len(questions) < 14, questions
        questions.append(str(question))
        met(str(question))
        answer(page)
    return questions


def test_a_healthy_person_answers_on_a_phone(live: Server, opened: Opened, here: Place) -> None:
    desk = opened("desk")
    patient = here.patient("Ana Flores", sex="female", language="en")
    sign_in(desk, live, here, Role.FRONT_DESK)
    desk.goto(f"{live.url}/patients/{patient.pk}/")
    look(desk)
    desk.get_by_role("link", name="Send the intake link").click()
    desk.get_by_role("button", name="Make the address").click()
    address = desk.get_by_label("Address").input_value()
    look(desk)
    picture(desk, "link")

    phone = opened("phone", has_touch=True, is_mobile=True)
    phone.goto(address)
    seen: list[str] = []

    def met(question: str) -> None:
        if len(seen) < 3:
            look(phone)
        seen.append(question)
        if len(seen) == 1:
            picture(phone, "intake-first")

    met_all = walk(phone, met=met)
    assert met_all[0] == "identity" and len(met_all) <= 12, met_all
    look(phone)
    picture(phone, "intake-review")
    phone.get_by_role("button", name="Send my answers").click()
    phone.get_by_role("heading", name="Thank you").wait_for()
    look(phone)

    clinician = opened("tablet")
    sign_in(clinician, live, here, Role.INJECTOR)
    look(clinician)
    clinician.get_by_role("link", name="Ana Flores").first.click()
    look(clinician)
    clinician.get_by_role("link", name="Read the answers").click()
    clinician.get_by_role("heading", name="Answers").wait_for()
    assert "None, as asked" in clinician.locator("main").inner_text()
    assert "Ana Flores (patient)" in " ".join(clinician.locator("aside").inner_text().split())
    look(clinician)
    picture(clinician, "answers")


def test_on_warfarin_a_prescriber_is_asked_and_nobody_says_stop(live: Server, opened: Opened, here: Place) -> None:
    phone = opened("phone", has_touch=True, is_mobile=True)
    patient = here.patient("Paul Roux", sex="male", language="en")
    phone.goto(link(here, patient, live))
    walk(phone, until=MEDICINES)
    assert phone.locator("[data-kind=medications]").count(), phone.inner_text("main")
    phone.locator("[name=row-0-name]").press_sequentially("Coumadin", delay=15)
    told = phone.locator("[data-read-as]")
    for _ in range(100):
        if "warfarin" in told.inner_text().casefold():
            break
        phone.wait_for_timeout(50)
    assert "warfarin" in told.inner_text().casefold(), "the recognised medicine is shown for confirmation"
    look(phone)
    picture(phone, "intake-medicine", told)
    with phone.expect_navigation():
        phone.get_by_role("button", name="Save, and add another").click()
    assert "warfarin" in phone.locator(".entry").first.inner_text().casefold()
    go_on(phone)
    words: list[str] = []
    questions = []
    while (question := asked(phone)) is not None:
        questions.append(question)
        assert len(questions) < 25, questions
        words.append(phone.locator("main").inner_text())
        if phone.locator("input[name=none]").count() or question in ("identity", "sex"):
            answer(phone)
        elif phone.get_by_role("button", name="I am not sure").count():
            with phone.expect_navigation():
                phone.get_by_role("button", name="I am not sure").click()
        else:
            for yes in phone.locator("label:has(input[value=yes])").all():
                yes.click()
            go_on(phone)
    words.append(phone.locator("main").inner_text())
    assert "Coumadin" in words[-1]
    phone.get_by_role("button", name="Send my answers").click()
    phone.get_by_role("heading", name="Thank you").wait_for()
    words.append(phone.locator("main").inner_text())
    assert "Keep taking every medicine" in words[-1]

    clinician = opened("desk")
    sign_in(clinician, live, here, Role.INJECTOR)
    clinician.get_by_role("link", name="Paul Roux").first.click()
    clinician.wait_for_load_state("networkidle")
    words.append(clinician.locator("main").inner_text())
    look(clinician)
    clinician.get_by_role("button", name="Begin the consultation").click()
    clinician.wait_for_url("**/drafts/**")
    clinician.get_by_text("Facial rejuvenation", exact=True).first.click()
    clinician.wait_for_selector("[data-save-state][data-state=saved]")
    clinician.wait_for_load_state("networkidle")
    clinician.wait_for_timeout(600)
    clinician.wait_for_load_state("networkidle")
    finding = (
        clinician.locator("#screening .finding", has_text="warfarin")
        .or_(clinician.locator("#screening .finding", has_text="nticoagul"))
        .first
    )
    for more in finding.locator("summary").all():
        more.click()
    told_all = finding.inner_text()
    words.append(clinician.locator("#screening").inner_text())
    assert "“Coumadin” (warfarin)" in told_all and "A prescriber decides" in told_all, told_all
    assert "(ATBJD)" in told_all and "SEED004, CLECO" in told_all, "its sources, and who disagrees"
    assert "Keep taking it exactly as prescribed" in told_all
    assert "A prescriber decides" in clinician.locator("#screening").inner_text()
    assert clinician.locator("#screening form").count() == 0, "an injector cannot decide it"
    look(clinician)
    picture(clinician, "warfarin", finding)
    for text in words:
        for order in STOP_ORDERS:
            assert order not in text.casefold() or f"not {order}" in text.casefold(), (order, text)


def test_one_who_was_called_away_goes_on_elsewhere(live: Server, opened: Opened, here: Place) -> None:
    patient = here.patient("Claire Martin", sex="female", language="fr")
    address = link(here, patient, live)
    phone = opened("phone", has_touch=True, is_mobile=True)
    phone.goto(address)
    assert phone.locator("html").get_attribute("lang") == "fr"
    look(phone)
    picture(phone, "intake-french")
    before = walk(phone, until=MEDICINES)
    phone.locator("[name=row-0-name]").fill("Doliprane")
    with phone.expect_navigation():
        phone.get_by_role("button", name="Enregistrer et en ajouter un autre").click()
    half = asked(phone)
    phone.context.close()

    tablet = opened("tablet")
    tablet.goto(address)
    if asked(tablet) == "identity":  # another device is asked who holds it
        answer(tablet)
    assert asked(tablet) == half not in (None, before[-1]), "the list was begun, and is asked again until it is all"
    tablet.get_by_role("heading", name="Autre chose").wait_for()
    assert "Doliprane" in tablet.locator(".entry").first.inner_text()
    look(tablet)
    before.append(str(asked(tablet)))
    go_on(tablet)
    after = walk(tablet)
    assert not set(before) & set(after), "nothing is asked twice"
    assert "Doliprane" in tablet.locator("main").inner_text()
    look(tablet)
    tablet.locator("button[name=send]").click()
    tablet.get_by_role("heading", name="Merci").wait_for()
    look(tablet)
