"""A draft's pages, from consultation to review: what they show, what they save, what they refuse."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.urls import reverse

from nappage.intake import Answers
from nappage_web.clinic.models import AuditEvent, Role
from nappage_web.patients import commands as patient_commands
from nappage_web.patients.models import Document, Draft, Patient
from nappage_web.planning import commands, desk
from nappage_web.planning.models import ClinicProtocol, Override

from .world import Place, World

EXAMPLE: dict[str, Any] = json.loads(
    json.dumps(yaml.safe_load(Path("examples/facial-rejuvenation.yaml").read_text("utf-8")), default=str)
)
ORDER = EXAMPLE["order"]
ANSWERS = {key: value for key, value in EXAMPLE.items() if key not in ("order", "patient")}
PATIENT = {k: v for k, v in EXAMPLE["patient"].items() if k not in ("name", "birth_date", "sex")}


def known(place: Place, name: str = "Claire Martin", born: date = date(1979, 5, 14), sex: str = "female") -> Patient:
    return Patient.objects.create(clinic=place.clinic, name=name, birth_date=born, sex=sex)  # type: ignore[no-any-return]


def answered(place: Place, **more: Any) -> Draft:
    """A draft of a patient whose answers are those of the example, said by the clinician."""
    return place.draft(known(place), answers={**ANSWERS, "patient": PATIENT, **more})


def ordered(place: Place, **changes: Any) -> Draft:
    """The example's order as a draft, its first session three weeks ahead."""
    draft = answered(place)
    day = place.clinic.today() + timedelta(days=21)
    while day.weekday() > 4:
        day += timedelta(days=1)
    order = {**ORDER, "planned_start": f"{day}T10:30 Europe/Paris", **changes}
    actor = place.actor(Role.INJECTOR)
    import uuid

    patient_commands.edit_draft(actor, draft, uuid.uuid4(), draft.revision, "order", order)
    draft.refresh_from_db()
    return draft


def url(name: str, draft: Draft) -> str:
    return reverse(name, args=[draft.pk])


@pytest.mark.parametrize("name", ["plan-consultation", "plan-formulation", "plan-map", "plan-course", "plan-review",
                                  "plan-screening", "plan-choice", "plan-doses", "plan-lines", "plan-dates", "plan-whole"])  # fmt: skip
@pytest.mark.parametrize("filled", [False, True])
def test_every_page_and_panel_opens_on_an_empty_and_on_a_full_draft(clinics: World, name: str, filled: bool) -> None:
    draft = ordered(clinics.here) if filled else clinics.here.draft(known(clinics.here))
    answer = clinics.here.client(Role.INJECTOR).get(url(name, draft))
    assert answer.status_code == 200, answer.content[:2000]
    assert not re.search(r"<[^>]+\sstyle=", answer.content.decode()), "an inline style is refused by the policy"
    assert "on" + "click=" not in answer.content.decode()


def test_a_draft_of_another_clinic_is_not_there(clinics: World) -> None:
    draft = clinics.there.draft(known(clinics.there))
    client = clinics.here.client(Role.INJECTOR)
    assert client.get(url("plan-consultation", draft)).status_code == 404
    assert client.post(url("plan-decide", draft), {"finding": "x"}).status_code == 404
