"""Autosave: acknowledged is durable, sent twice is once, and nobody's typing overwrites another's."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nappage.values import InputError
from nappage_web.clinic.models import AuditEvent, Role
from nappage_web.patients import drafts
from nappage_web.patients.models import Draft, Edit

from .world import World, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def there() -> World:
    return world()


def send(there: World, draft: Draft, path: str, value: object, base: int, key: str | None = None, role=Role.INJECTOR):
    data = {"id": key or str(uuid.uuid4()), "base": base, "path": path, "value": value}
    return there.here.client(role).post(
        f"/drafts/{draft.pk}/edits", json.dumps(data), content_type="application/json", HTTP_X_REQUESTED_WITH="fetch"
    )


def test_an_edit_is_kept_and_acknowledged_once(there: World) -> None:
    draft = there.here.draft(there.here.patient())
    key = str(uuid.uuid4())
    first, again = (send(there, draft, "order.spacing_mm", "10.50", 0, key) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json() == {"revision": 1, "id": key}
    draft.refresh_from_db()
    assert (
        draft.body == {"order": {"spacing_mm": "10.50"}} and Edit.objects.of(there.here.actor(Role.LEAD)).count() == 1
    )


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("order.spacing_mm", "order.spacing_mm", True),
        ("order.map", "order.map.zones", True),
        ("order.map.zones", "order.map", True),
        ("order.map", "order.mapping", False),
        ("order.spacing_mm", "order.depth_mm", False),
    ],
)
def test_two_tabs(there: World, first: str, second: str, clash: bool) -> None:
    """Both read revision 0. The second to write the same place is set aside, and sees both values."""
    draft = there.here.draft(there.here.patient())
    assert send(there, draft, first, {"zones": "a"}, 0).status_code == 200
    answer = send(there, draft, second, "b", 0, role=Role.PRESCRIBER)
    draft.refresh_from_db()
    if clash:
        told = answer.json()["conflict"]
        assert answer.status_code == 409 and told["yours"] == "b" and told["by"] == str(there.here.staff[Role.INJECTOR])
        assert draft.revision == 1 and drafts.value_at(draft.body, first) == {"zones": "a"}
        mine = send(there, draft, second, "b", answer.json()["revision"], role=Role.PRESCRIBER)
        assert mine.status_code == 200
    else:
        assert answer.status_code == 200 and draft.revision == 2
    kept = Edit.objects.of(there.here.actor(Role.LEAD)).filter(draft=draft)
    assert kept.filter(outcome="conflict").count() == clash, "what was set aside is kept"


def test_the_same_value_typed_twice_is_no_conflict(there: World) -> None:
    draft = there.here.draft(there.here.patient())
    assert send(there, draft, "order.technique", "papule", 0).status_code == 200
    assert send(there, draft, "order.technique", "papule", 0).status_code == 200


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"id": "x"}, "edit.id"),
        ({"base": -1}, "edit.base"),
        ({"base": True}, "edit.base"),
        ({"base": 99}, "edit.base"),
        ({"path": "order..x"}, "edit.path"),
        ({"path": "secrets.key"}, "edit.path"),
        ({"path": "replies.x"}, "edit.path"),
        ({"path": "order.mixture.7"}, "edit.path"),
        ({"value": "\x00"}, "edit.value"),
        ({"value": "x" * 300_000}, "edit.value"),
        ({"value": "\ud800"}, "edit.value"),
        ({"value": [float("nan")]}, "edit.value"),
        ({"value": float("inf")}, "edit.value"),
        ({"path": "order", "value": "words"}, "edit.value"),
        ({"path": "consultation", "value": None}, "edit.path"),
        ({"path": "order.areas", "value": 7}, "edit.value"),
        ({"path": "order", "value": {"mixture": True}}, "edit.value"),
        ({"path": "answers.not_asked", "value": [[]]}, "edit.value"),
    ],
)
def test_what_is_no_edit_is_refused_with_its_place(there: World, change: dict[str, object], place: str) -> None:
    draft = there.here.draft(there.here.patient(), **{"order.mixture": []})
    data = {"id": str(uuid.uuid4()), "base": 1, "path": "order.x", "value": 1, **change}
    answer = there.here.client(Role.INJECTOR).post(
        f"/drafts/{draft.pk}/edits", json.dumps(data), content_type="application/json"
    )
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["place"] == place and error["wrong"] and error["remedy"]


@pytest.mark.parametrize("address", ["edits", "map/edit"])
@pytest.mark.parametrize(
    "sent", [{"data": {"path": "order.x"}}, {"data": "[" * 90_000, "content_type": "application/json"}]
)
def test_a_form_or_a_bottomless_list_is_refused(there: World, address: str, sent: dict[str, Any]) -> None:
    draft = there.here.draft(there.here.patient())
    assert there.here.client(Role.INJECTOR).post(f"/drafts/{draft.pk}/{address}", **sent).status_code == 422
    draft.refresh_from_db()
    assert draft.revision == 0


def test_another_clinics_draft_does_not_exist(there: World) -> None:
    draft = there.there.draft(there.there.patient())
    assert send(there, draft, "order.technique", "papule", 0).status_code == 404
    draft.refresh_from_db()
    assert draft.body == {}


def test_front_desk_may_not_type_into_a_plan(there: World) -> None:
    draft = there.here.draft(there.here.patient())
    assert send(there, draft, "order.technique", "papule", 0, role=Role.FRONT_DESK).status_code == 403


def test_a_closed_draft_takes_no_more(there: World) -> None:
    draft = there.here.draft(there.here.patient())
    Draft._base_manager.filter(pk=draft.pk).update(status=Draft.Status.DONE)
    assert send(there, draft, "order.technique", "papule", 0).json()["error"]["place"] == "draft"


_names = st.sampled_from(["order.a", "order.a.b", "order.c", "order.c.0", "order.c.1", "order.c.0.x", "consultation.n"])
_values = st.one_of(
    st.none(), st.text(max_size=5), st.integers(), st.lists(st.text(max_size=3), max_size=2), st.just({})
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_names, _values, st.integers(0, 12)), max_size=12))
def test_the_body_is_the_fold_of_the_edits(there: World, typed: list[tuple[str, object, int]]) -> None:
    with transaction.atomic():
        actor = there.here.actor(Role.INJECTOR)
        patient = there.here.patient(f"P {uuid.uuid4().hex[:6]}")
        draft = Draft.objects.create(clinic=patient.clinic, patient=patient, kind="plan")
        for path, value, base in typed:
            try:
                with transaction.atomic():
                    drafts.apply(actor, draft, uuid.uuid4(), base, path, value)
            except InputError as error:
                assert error.place in ("edit.path", "edit.base")
        draft.refresh_from_db()
        assert drafts.fold(list(draft.edits.all())) == draft.body
        assert draft.revision == draft.edits.filter(outcome="applied").count()


def test_put_leaves_the_old_body_alone() -> None:
    old = {"order": {"mixture": [{"product": "A"}]}}
    new = drafts.put(old, "order.mixture.0.volume_ml", "2")
    assert new == {"order": {"mixture": [{"product": "A", "volume_ml": "2"}]}}
    assert old == {"order": {"mixture": [{"product": "A"}]}}


@pytest.mark.parametrize("row", ["edit", "document", "event"])
@pytest.mark.parametrize("act", ["update", "delete"])
def test_what_is_written_down_cannot_be_changed(there: World, row: str, act: str) -> None:
    from nappage_web.patients import documents
    from nappage_web.patients.models import Document

    patient = there.here.patient()
    draft = there.here.draft(patient, **{"order.technique": "papule"})
    actor = there.here.actor(Role.LEAD)
    document = documents.file(actor, Document.Kind.ANSWERS, patient, {"patient": {}})
    rows = {
        "edit": Edit._base_manager.filter(draft=draft),
        "document": Document._base_manager.filter(pk=document.pk),
        "event": AuditEvent.objects.filter(subject=str(draft.pk)),
    }[row]
    assert rows.exists()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        if act == "update":
            rows.update(**{"edit": {"path": "x"}, "document": {"body": "x"}, "event": {"details": "x"}}[row])
        else:
            rows._raw_delete(rows.db)
