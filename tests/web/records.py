"""One of each record of a clinic, by the name that addresses use for it."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils import timezone
from PIL import Image as Pillow

from nappage.intake import load_answers
from nappage.interview import fold
from nappage.knowledge import load
from nappage.plan import TreatmentPlan, draft
from nappage.plan.consent import permission
from nappage_web.care.models import Photograph
from nappage_web.clinic.models import Role
from nappage_web.patients import documents
from nappage_web.patients.models import Document, Draft, Merge
from nappage_web.planning.models import Appointment, ClinicProtocol, Package, Room

from .world import Place

EXAMPLE = Path(__file__).parents[2] / "examples" / "facial-rejuvenation.yaml"


@lru_cache(maxsize=2)
def signed(on: Any) -> TreatmentPlan:
    """A plan as it would be signed, made once."""
    return draft(load_answers(str(EXAMPLE)), load(on), on, reference="test")


def one_of_each(place: Place) -> dict[str, Any]:
    """Ids by name: patient, draft, plan, consent, photo, appointment, staff, protocol, merge; and other words."""
    clinic, on = place.clinic, place.clinic.today()
    actor = place.actor(Role.INJECTOR)
    patient = place.patient("Secret Stranger", email="secret@example.test")
    made = place.draft(patient, consultation={"photographs_skipped": "test"}, order={"areas": ["cheeks"]})
    documents.file(actor, Document.Kind.ANSWERS, patient, fold((), load(on), on), edition="e")
    plan = documents.file(
        actor, Document.Kind.PLAN, patient, signed(on), edition="e",
        signature={"name": "Dr Secret", "register": "R", "number": "1", "draft": str(made.pk)},
    )  # fmt: skip
    documents.attach(plan, "plan.pdf", "application/pdf", b"%PDF-")
    consent = documents.file(
        actor, Document.Kind.CONSENT, patient, permission("photographs", load(on), on, patient=patient.name),
        signature={"name": "x", "strokes": "M1 1L2 2", "agreed": [], "identity": "known", "witness": "x"},
    )  # fmt: skip
    file = io.BytesIO()
    Pillow.new("RGB", (20, 20), "beige").save(file, "JPEG")
    photo = Photograph.objects.create(
        clinic=clinic, patient=patient, draft=made, consent=consent, view="front", content=file.getvalue(),
        media_type="image/jpeg", sha256=hashlib.sha256(file.getvalue()).hexdigest(), width=20, height=20,
        taken_by=place.staff[Role.INJECTOR],
    )  # fmt: skip
    room = Room.objects.create(clinic=clinic, name="Room 1")
    appointment = Appointment.objects.create(
        clinic=clinic, patient=patient, staff=place.staff[Role.INJECTOR], room=room, minutes=30,
        starts=timezone.now() + timedelta(days=3),
    )  # fmt: skip
    protocol = ClinicProtocol.objects.create(
        clinic=clinic, name="Ours", body={"order": {}, "schedule": {}}, edition="e", author_name="x"
    )
    Package.objects.create(
        clinic=clinic, patient=patient, title="Three", sessions=3, price=300, currency="EUR", paid_on=on
    )
    duplicate = place.patient("Secret Stranger Twice")
    merge = Merge.objects.create(
        clinic=clinic, patient=patient, duplicate=duplicate, before={"name": patient.name}, reason="x", by_name="x"
    )
    assert Draft.objects.of(actor).filter(pk=made.pk).exists()
    return {
        "patient": patient.pk, "draft": made.pk, "plan": plan.pk, "consent": consent.pk, "photo": photo.pk,
        "appointment": appointment.pk, "staff": place.staff[Role.AUDITOR].pk, "protocol": protocol.pk,
        "merge": merge.pk,
        "room": room.pk, "other": duplicate.pk, "name": "plan.pdf", "kind": "photographs", "topic": "medications",
    }  # fmt: skip
