"""The clinic's own pages: settings, prices, staff, registrations, and another clinic of the same person."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from nappage_web.clinic import lead, pages
from nappage_web.clinic.access import NotAllowed
from nappage_web.clinic.commands import Refused
from nappage_web.clinic.models import AuditEvent, Clinic, Registration, Role, Staff
from nappage_web.patients import commands as patients
from nappage_web.planning import commands as diary

from .conftest import SIZES, Server, axe, overflows
from .test_planning_browser import enter
from .world import Place, World, world


def settings_of(clinic: Clinic, **changed: Any) -> dict[str, Any]:
    """What the settings form posts."""
    kept = {name: getattr(clinic, name) for name in lead.SETTINGS}
    return {name: "" if value is None else value for name, value in {**kept, **changed}.items()}


def entry(**changed: Any) -> dict[str, Any]:
    posted = {"register": "RPPS", "number": "10101", "expires": "2030-01-31", "insurer": "Mutual", "prescriber": "on",
              "indemnity_expires": "2030-06-30", "techniques": ["nappage", "papule"], "all_areas": "on"}  # fmt: skip
    return {key: value for key, value in {**posted, **changed}.items() if value is not None}


def staff_url(place: Place, role: Role, name: str = "staff") -> str:
    return reverse(name, args=[place.staff[role].pk])


# --- the clinic --------------------------------------------------------------------------------------------------


def test_the_clinic_is_seen_by_lead_and_auditor_and_changed_by_the_lead(clinics: World) -> None:
    place = clinics.here
    for role in Role:
        page = place.client(role).get(reverse("clinic"))
        assert page.status_code == (200 if role in (Role.LEAD, Role.AUDITOR) else 403), role
    auditor, said = place.client(Role.AUDITOR), place.client(Role.AUDITOR).get(reverse("clinic")).content.decode()
    assert "Injector of Skin Clinic" in said and "T-injector" in said and "Other Clinic" not in said
    assert reverse("staff-invite") not in said and reverse("clinic-settings") not in said
    for name in ("clinic-settings", "clinic-prices"):
        assert auditor.get(reverse(name)).status_code == 403
    assert auditor.post(staff_url(place, Role.INJECTOR), {"what": "deactivate"}).status_code == 403
    assert Staff.objects.of(place.actor(Role.LEAD)).filter(active=False).count() == 0


def test_settings_are_kept_and_the_audit_knows_how_they_were(clinics: World) -> None:
    place = clinics.here
    client = place.client(Role.LEAD)
    posted = settings_of(place.clinic, name="Skin & Co", phone="01 99 00 00 00", idle_minutes=12, cooling_off_days=20)
    assert client.post(reverse("clinic-settings"), posted).url == reverse("clinic")
    place.clinic.refresh_from_db()
    assert (place.clinic.name, place.clinic.idle_minutes, place.clinic.cooling_off_days) == ("Skin & Co", 12, 20)
    event = AuditEvent.objects.filter(action="clinic.settings").get()
    assert '"name": "Skin Clinic"' in event.details and '"idle_minutes": 5' in event.details
    assert "Skin &amp; Co" in client.get(reverse("clinic")).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [("idle_minutes", 16), ("idle_minutes", 0), ("time_zone", "Mars/Base"), ("email", "nobody"), ("name", " "),
     ("jurisdiction", "France"), ("cooling_off_days", -1), ("language", "xx")],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_is_told_at_its_field(clinics: World, field: str, value: Any) -> None:
    place = clinics.here
    answer = place.client(Role.LEAD).post(reverse("clinic-settings"), settings_of(place.clinic, **{field: value}))
    said = answer.content.decode()
    assert answer.status_code == 422 and f'id="{field}-error"' in said and f'aria-describedby="{field}-error"' in said
    assert not AuditEvent.objects.filter(action="clinic.settings").exists()


# --- prices ------------------------------------------------------------------------------------------------------


def test_prices_are_kept_as_the_cores_list_and_read_back(clinics: World) -> None:
    place = clinics.here
    client = place.client(Role.LEAD)
    posted = {"currency": "EUR", "session": "150", "visit": "60,50", "sessions.acne-scars": "180.00"}
    assert client.post(reverse("clinic-prices"), posted).url == reverse("clinic")
    place.clinic.refresh_from_db()
    assert place.clinic.prices["sessions"] == {"acne-scars": "180.00"} and place.clinic.prices["visit"] == "60.50"
    again = client.get(reverse("clinic-prices")).content.decode()
    assert 'value="180.00"' in again and 'value="60.50"' in again
    assert "150" in client.get(reverse("clinic")).content.decode()
    assert client.post(reverse("clinic-prices"), {"currency": "EUR"}).status_code == 302
    place.clinic.refresh_from_db()
    assert place.clinic.prices == {}, "no price at all is no list"


@pytest.mark.parametrize(
    ("posted", "place_at_fault"),
    [({"session": "a lot"}, "session"), ({"session": "-1"}, "session"), ({"currency": "euro"}, "currency"),
     ({"sessions.acne-scars": "12,345"}, "sessions.acne-scars"),
     ({"alternatives.mesotherapy.session": "1", "alternatives.mesotherapy.course": "2"},
      "alternatives.mesotherapy.course")],
)  # fmt: skip
def test_a_price_that_cannot_be_used_is_told_at_its_place(
    clinics: World, posted: dict[str, str], place_at_fault: str
) -> None:
    answer = clinics.here.client(Role.LEAD).post(reverse("clinic-prices"), {"currency": "EUR", "visit": "1", **posted})
    assert answer.status_code == 422 and f'id="{place_at_fault}-error"' in answer.content.decode()
    clinics.here.clinic.refresh_from_db()
    assert clinics.here.clinic.prices == {}


# --- staff -------------------------------------------------------------------------------------------------------


def test_roles_change_and_take_effect_at_once(clinics: World) -> None:
    place = clinics.here
    client, url = place.client(Role.LEAD), staff_url(place, Role.FRONT_DESK)
    assert place.client(Role.FRONT_DESK).get(reverse("clinic")).status_code == 403
    assert client.post(url, {"what": "roles", "roles": ["front-desk", "auditor"]}).url == url
    assert place.client(Role.FRONT_DESK).get(reverse("clinic")).status_code == 200
    event = AuditEvent.objects.filter(action="staff.roles").get()
    assert '"before": {"roles": ["front-desk"]}' in event.details
    for wrong in ([], ["owner"]):
        answer = client.post(url, {"what": "roles", "roles": wrong})
        assert answer.status_code == 422 and "no role is chosen" in answer.content.decode()


def test_a_clinic_keeps_a_lead_and_nobody_deactivates_themselves(clinics: World) -> None:
    place = clinics.here
    client, own = place.client(Role.LEAD), staff_url(place, Role.LEAD)
    answer = client.post(own, {"what": "roles", "roles": ["injector"]})
    assert answer.status_code == 422 and "needs a clinical lead" in answer.content.decode()
    assert "cannot deactivate yourself" in client.post(own, {"what": "deactivate"}).content.decode()
    place.staff[Role.LEAD].refresh_from_db()
    assert place.staff[Role.LEAD].active and place.staff[Role.LEAD].roles == ["lead"]
    lead.set_roles(place.actor(Role.LEAD), place.staff[Role.INJECTOR], ["lead", "injector"])
    assert client.post(own, {"what": "roles", "roles": ["injector"]}).status_code == 302, "there is another lead now"


def test_the_last_lead_is_not_deactivated_by_another_who_is_none_any_more(clinics: World) -> None:
    place = clinics.here
    actor = place.actor(Role.LEAD)
    lead.set_roles(actor, place.staff[Role.INJECTOR], ["lead"])
    lead.set_roles(actor, place.staff[Role.LEAD], ["auditor"])
    with pytest.raises(Refused, match="needs a clinical lead"):
        lead.deactivate(actor, place.staff[Role.INJECTOR])  # an actor read before the roles changed


def test_who_is_deactivated_is_out_at_the_next_request_and_may_come_back(clinics: World) -> None:
    place = clinics.here
    client, theirs, url = place.client(Role.LEAD), place.client(Role.INJECTOR), staff_url(place, Role.INJECTOR)
    assert theirs.get(reverse("patients")).status_code == 200
    assert client.post(url, {"what": "deactivate"}).url == url
    assert theirs.get(reverse("patients")).status_code == 403
    assert "works here no more" in client.get(reverse("clinic")).content.decode()
    client.post(url, {"what": "reactivate"})
    assert theirs.get(reverse("patients")).status_code == 200
    actions = AuditEvent.objects.filter(action__startswith="staff.").values_list("action", flat=True)
    assert {"staff.deactivate", "staff.reactivate"} <= set(actions)


def test_before_somebody_goes_their_visits_are_told_and_stay_in_the_diary_as_nobodys(clinics: World) -> None:
    place = clinics.here
    client, staff, patient = place.client(Role.LEAD), place.staff[Role.INJECTOR], place.patient("Ana Flores")
    day = place.clinic.today() + timedelta(days=3)
    visit = diary.book(place.actor(Role.FRONT_DESK), patient, staff=staff, room=None, minutes=30,
                       starts=diary.moment(place.actor(Role.FRONT_DESK), day, "10:00"))  # fmt: skip
    asked = client.get(staff_url(place, Role.INJECTOR, "staff-leaving")).content.decode()
    assert "1 visit is booked with them" in asked and "Ana Flores" in asked and "10:00" in asked
    assert reverse("appointment", args=[visit.pk]) in asked and f"{reverse('diary')}?day={day}" in asked
    assert "booked with them" not in client.get(staff_url(place, Role.PRESCRIBER, "staff-leaving")).content.decode()
    client.post(staff_url(place, Role.INJECTOR), {"what": "deactivate"})
    told = client.get(staff_url(place, Role.INJECTOR)).content.decode()
    assert "1 visit has nobody now" in told and "Ana Flores" in told
    shown = client.get(reverse("diary"), {"day": day}).content.decode()
    assert shown.index("Nobody") < shown.index("Ana Flores") and f"was with {staff}" in shown
    one = client.get(reverse("appointment", args=[visit.pk])).content.decode()
    assert "Nobody" in one and f'value="{staff.pk}"' not in one, "no choice is made for whoever moves it"
    staff.refresh_from_db()
    with pytest.raises(Refused, match="works here no more"):
        diary.move_appointment(
            place.actor(Role.LEAD), visit, starts=visit.starts + timedelta(hours=1), staff=staff, room=None
        )
    diary.move_appointment(
        place.actor(Role.LEAD), visit, starts=visit.starts, staff=place.staff[Role.PRESCRIBER], room=None
    )
    assert "Nobody" not in client.get(reverse("diary"), {"day": day}).content.decode()


def test_today_says_who_typed_last_in_a_draft(clinics: World) -> None:
    place = clinics.here
    draft = place.draft(place.patient("Ana Flores"), consultation={"goals": "calm skin"})
    client = place.client(Role.LEAD)
    assert "Injector of Skin Clinic typed last" in client.get(reverse("today")).content.decode()
    patients.edit_draft(place.actor(Role.PRESCRIBER), draft, uuid.uuid4(), 1, "consultation.notes", "seen")
    said = client.get(reverse("today")).content.decode()
    assert "Prescriber of Skin Clinic typed last" in said and "Injector of Skin Clinic typed last" not in said
    patients.edit_draft(place.actor(Role.INJECTOR), draft, uuid.uuid4(), 1, "consultation.notes", "another")
    assert "Prescriber of Skin Clinic typed last" in client.get(reverse("today")).content.decode(), "set aside"


def test_only_a_lead_commands_and_a_refusal_is_noted(clinics: World) -> None:
    place = clinics.here
    with pytest.raises(NotAllowed):
        lead.deactivate(place.actor(Role.AUDITOR), place.staff[Role.INJECTOR])
    assert AuditEvent.objects.filter(action="staff.deactivate", outcome="refused").count() == 1


def test_another_clinics_staff_do_not_exist_here(clinics: World) -> None:
    client = clinics.here.client(Role.LEAD)
    for name in ("staff", "staff-registration"):
        assert client.get(staff_url(clinics.there, Role.INJECTOR, name)).status_code == 404
        assert client.post(staff_url(clinics.there, Role.INJECTOR, name), {"what": "deactivate"}).status_code == 404


# --- registrations -----------------------------------------------------------------------------------------------


def test_a_registration_is_entered_and_changed_with_its_scope(clinics: World) -> None:
    place = clinics.here
    client, url = place.client(Role.LEAD), staff_url(place, Role.LEAD, "staff-registration")
    assert "Until it is" not in client.get(staff_url(place, Role.LEAD)).content.decode(), "a lead alone needs none"
    assert client.post(url, entry()).url == staff_url(place, Role.LEAD)
    row = Registration.objects.of(place.actor(Role.LEAD)).get(staff=place.staff[Role.LEAD])
    assert (row.techniques, row.areas, row.prescriber) == (["nappage", "papule"], ["*"], True)
    shown = client.get(url).content.decode()
    assert 'value="nappage" checked' in shown and 'value="meso-gun" checked' not in shown
    assert 'value="2030-01-31"' in shown, "a date field of the browser reads only this form"
    client.post(url, entry(all_areas=None, areas=["cheek"], prescriber=None))
    row.refresh_from_db()
    assert (row.areas, row.prescriber) == (["cheek"], False)
    last = AuditEvent.objects.filter(action="registration.enter").order_by("-seq")[0]
    assert '"areas": ["*"]' in last.details
    said = client.get(staff_url(place, Role.LEAD)).content.decode()
    assert "RPPS" in said and "10101" in said and "Cheek" in said


@pytest.mark.parametrize(("field", "value"), [("register", ""), ("number", " "), ("expires", "soon"), ("expires", "")])
def test_a_registration_that_cannot_be_used_is_told_at_its_field(clinics: World, field: str, value: str) -> None:
    url = staff_url(clinics.here, Role.LEAD, "staff-registration")
    answer = clinics.here.client(Role.LEAD).post(url, entry(**{field: value}))
    assert answer.status_code == 422 and f'id="{field}-error"' in answer.content.decode()
    assert not AuditEvent.objects.filter(action="registration.enter").exists()


def test_a_technique_that_the_edition_does_not_know_is_refused(clinics: World) -> None:
    url = staff_url(clinics.here, Role.LEAD, "staff-registration")
    answer = clinics.here.client(Role.LEAD).post(url, entry(techniques=["divining"]))
    assert answer.status_code == 422 and "divining" in answer.content.decode()


def test_how_near_an_end_is(clinics: World) -> None:
    place = clinics.here
    today = place.clinic.today()
    for days, state in ((-1, "stop"), (0, "wait"), (60, "wait"), (61, "go")):
        assert pages.ends("", today + timedelta(days=days), today).state == state, days
    assert pages.ends("", None, today).state == "stop", "what is not entered is never taken for valid"
    row = place.staff[Role.INJECTOR].registration
    row.expires = today + timedelta(days=10)
    row.save()
    said = place.client(Role.LEAD).get(reverse("today")).content.decode()
    assert "Registrations to renew" in said and "Injector of Skin Clinic" in said
    assert "Prescriber of Skin Clinic" not in said
    assert "Registrations to renew" not in place.client(Role.INJECTOR).get(reverse("today")).content.decode()


# --- another clinic of the same person ---------------------------------------------------------------------------


def test_somebody_of_two_clinics_goes_from_one_to_the_other(clinics: World) -> None:
    place = clinics.here
    user = place.staff[Role.INJECTOR].user
    Staff.objects.create(clinic=clinics.there.clinic, user=user, roles=["lead"])
    client = place.client(Role.INJECTOR)
    assert "Go to Other Clinic" in client.get(reverse("today")).content.decode()
    patient = clinics.there.patient()
    assert client.get(reverse("patient", args=[patient.pk])).status_code == 404
    assert client.post(reverse("clinic-switch"), {"clinic": clinics.there.clinic.pk}).status_code == 302
    assert client.get(reverse("patient", args=[patient.pk])).status_code == 200
    assert "Other Clinic" in client.get(reverse("clinic")).content.decode()
    assert AuditEvent.objects.filter(action="clinic.switch", clinic=place.clinic.pk).count() == 1


@pytest.mark.parametrize("to", ["there", "", "nonsense"])
def test_nobody_goes_where_they_do_not_work(clinics: World, to: str) -> None:
    clinic = str(clinics.there.clinic.pk) if to == "there" else to
    client = clinics.here.client(Role.LEAD)
    assert client.post(reverse("clinic-switch"), {"clinic": clinic}).status_code == 404
    assert "Skin Clinic" in client.get(reverse("clinic")).content.decode()


# --- in a browser ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", list(SIZES))
def test_the_pages_are_usable_by_everybody_and_fit(live: Server, opened: Any, size: str) -> None:
    """Every page of the clinic's own, by axe, with nothing wider than the window and no fault in the console."""
    place = world().here
    page = opened(size)
    enter(place, Role.LEAD, page, live)
    row = place.staff[Role.INJECTOR].registration
    row.areas, row.expires = ["cheek"], place.clinic.today() - timedelta(days=1)
    row.save()
    place.client(Role.INJECTOR)  # with a second factor to lose
    front = place.actor(Role.FRONT_DESK)
    diary.book(front, place.patient(), staff=place.staff[Role.INJECTOR], room=None, minutes=30,
               starts=diary.moment(front, place.clinic.today() + timedelta(days=3), "10:00"))  # fmt: skip
    wrong = []
    for path in (
        "/", "/clinic/", "/clinic/settings", "/clinic/prices", staff_url(place, Role.INJECTOR),
        staff_url(place, Role.INJECTOR, "staff-registration"), staff_url(place, Role.INJECTOR, "staff-leaving"),
        staff_url(place, Role.INJECTOR, "staff-factor"), "/me/", "/audit/", "/audit/?action=pin.set", "/reports/",
    ):  # fmt: skip
        page.goto(live.url + path)
        for closed in page.locator("main summary").all():
            closed.click()
        wrong += [f"{path}: {one}" for one in axe(page)]
        wrong += [f"{path}: {overflows(page)} px too wide"] if overflows(page) > 0 else []
    assert not wrong, "\n".join(wrong)
    assert page.faults == []


def test_all_hides_the_single_ones_and_keeping_works_by_keyboard(live: Server, opened: Any) -> None:
    place = world().here
    page = opened("desk")
    enter(place, Role.LEAD, page, live)
    page.goto(live.url + staff_url(place, Role.INJECTOR, "staff-registration"))
    nappage = page.get_by_label("Nappage", exact=True)
    assert not nappage.is_visible()
    page.get_by_label("All techniques").focus()
    page.keyboard.press("Space")
    nappage.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Keep the registration").focus()
    page.keyboard.press("Enter")
    page.get_by_text("The registration is kept").wait_for()
    row = Registration.objects.of(place.actor(Role.LEAD)).get(staff=place.staff[Role.INJECTOR])
    assert row.techniques == ["nappage"] and row.areas == ["*"]


def test_the_chain_is_verified_without_leaving_the_page(live: Server, opened: Any) -> None:
    place = world().here
    page = opened("phone")
    enter(place, Role.AUDITOR, page, live)
    page.goto(live.url)
    assert page.get_by_role("heading", name="The audit chain").is_visible()
    assert overflows(page) <= 0 and axe(page) == []
    page.goto(f"{live.url}/audit/")
    page.get_by_text("Verify the chain").click()
    page.get_by_role("button", name="Verify", exact=True).click()
    page.get_by_text("The chain holds").wait_for()
    assert page.url.endswith("/audit/") and overflows(page) <= 0 and axe(page) == [] and page.faults == []
