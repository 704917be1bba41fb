"""What is done from a page that tells how things were a minute ago."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from nappage_web.clinic.commands import Refused
from nappage_web.clinic.models import Role
from nappage_web.patients import commands as patients
from nappage_web.patients.models import Draft
from nappage_web.planning import commands
from nappage_web.planning import reading as readings
from nappage_web.planning.models import Appointment

from .test_reports import decided
from .world import World


def test_a_visit_that_was_given_is_not_cancelled_by_an_old_page(clinics: World) -> None:
    actor = clinics.here.actor(Role.FRONT_DESK)
    visit = commands.book(
        actor, clinics.here.patient(), staff=clinics.here.staff[Role.INJECTOR], room=None, minutes=30,
        starts=timezone.now() + timedelta(minutes=5),
    )  # fmt: skip
    old = Appointment.objects.of(actor).get(pk=visit.pk)
    commands.finish_appointment(actor, visit)
    with pytest.raises(Refused, match="over or cancelled"):
        commands.cancel_appointment(actor, old, reason="called")
    with pytest.raises(Refused, match="over or cancelled"):
        commands.move_appointment(actor, old, starts=old.starts + timedelta(hours=1), staff=old.staff, room=None)
    assert Appointment.objects.of(actor).get(pk=visit.pk).status == Appointment.Status.DONE


def test_a_signed_draft_is_not_given_up_and_nothing_is_decided_on_it(clinics: World) -> None:
    place = clinics.here
    draft, found = decided(place)
    Draft.objects.of(place.actor(Role.LEAD)).filter(pk=draft.pk).update(status=Draft.Status.DONE)  # draft: as it was
    with pytest.raises(Refused, match="was signed"):
        patients.leave_draft(place.actor(Role.INJECTOR), draft)
    with pytest.raises(Refused, match="closed"):
        commands.withdraw_decision(place.actor(Role.PRESCRIBER), draft, finding=readings.finding_hash(found))
    with pytest.raises(Refused, match="closed"):
        commands.decide_finding(
            place.actor(Role.PRESCRIBER), draft, rule="x", finding="y", code="other", text="nothing at all"
        )
    assert Draft.objects.of(place.actor(Role.LEAD)).get(pk=draft.pk).status == Draft.Status.DONE
