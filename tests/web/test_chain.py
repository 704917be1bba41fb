"""The audit chain: every link hangs on the one before, and each way of tampering is found."""

from __future__ import annotations

import hashlib
import threading

import pytest
from django.db import connection, transaction

from nappage_web.care.models import Photograph
from nappage_web.clinic import audit
from nappage_web.clinic.access import SYSTEM_ACTOR, NotAllowed
from nappage_web.clinic.commands import COMMANDS, command
from nappage_web.clinic.models import AuditEvent, Role
from nappage_web.config import whole
from nappage_web.patients.models import Document

from .conftest import unguarded
from .records import one_of_each
from .world import World, world


@pytest.fixture
def chain(db: None) -> int:
    """Five links; returns how many there are in all."""
    for n in range(5):
        with transaction.atomic():
            audit.append(SYSTEM_ACTOR, "test", None, details={"n": n})
    return AuditEvent.objects.count()


def _unguarded(sql: str) -> None:
    """As somebody would who can also drop the triggers."""
    with connection.cursor() as cursor:
        for verb in ("update", "delete"):
            on = " ON clinic_auditevent" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER clinic_auditevent_no_{verb}{on}")
        cursor.execute(sql)


def test_a_whole_chain_verifies(chain: int) -> None:
    result = audit.verify()
    assert result.fault is None and result.links == chain


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("UPDATE clinic_auditevent SET details = '{\"n\": 9}' WHERE seq = 3", "link 3 was changed"),
        ("UPDATE clinic_auditevent SET actor_name = 'x' WHERE seq = 1", "link 1 was changed"),
        ("UPDATE clinic_auditevent SET outcome = 'refused' WHERE seq = 2", "link 2 was changed"),
        ("DELETE FROM clinic_auditevent WHERE seq = 2", "link 2 is missing"),
        ("UPDATE clinic_auditevent SET previous = hash WHERE seq = 4", "link 4 does not hang on link 3"),
    ],
)
def test_tampering_is_found(chain: int, sql: str, fault: str) -> None:
    _unguarded(sql)
    found = audit.verify().fault
    assert found is not None and found.startswith(fault)


def test_an_end_cut_off_is_found_by_the_head_noted_before(chain: int) -> None:
    head = audit.verify().head
    _unguarded("DELETE FROM clinic_auditevent WHERE seq = (SELECT max(seq) FROM clinic_auditevent)")
    assert audit.verify().fault is None, "a chain cut at its end is whole in itself"
    assert "was cut" in (audit.verify(expect_head=head).fault or "")


def test_an_event_needs_a_transaction(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="inside the transaction"):
        audit.append(SYSTEM_ACTOR, "test", None)


def test_a_command_that_notes_nothing_is_rolled_back(db: None) -> None:
    from nappage_web.clinic.models import Organisation

    @command("test.silent", {Role.LEAD})
    def silent(actor: object) -> None:
        Organisation.objects.create(name="unseen")

    try:
        with pytest.raises(RuntimeError, match="noted nothing"):
            silent(world().here.actor(Role.LEAD))
        assert not Organisation.objects.filter(name="unseen").exists()
        with pytest.raises(NotAllowed):
            silent(world().here.actor(Role.AUDITOR))
        assert AuditEvent.objects.filter(action="test.silent", outcome="refused").count() == 1
    finally:
        del COMMANDS["test.silent"]


def test_looking_is_noted_once_in_five_minutes(db: None) -> None:
    here = world().here
    patient = here.patient()
    for _ in range(3):
        audit.looked(here.actor(Role.INJECTOR), "patient.view", patient, patient=patient.pk)
    audit.looked(here.actor(Role.LEAD), "patient.view", patient, patient=patient.pk)
    assert AuditEvent.objects.filter(action="patient.view", subject=str(patient.pk)).count() == 2


def test_links_written_at_once_still_make_one_chain(transactional_db: None) -> None:
    """Eight threads, ten links each: none lost, none double."""
    faults: list[Exception] = []

    def write() -> None:
        try:
            for n in range(10):
                with transaction.atomic():
                    audit.append(SYSTEM_ACTOR, "test", None, details={"n": n})
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    before = AuditEvent.objects.count()
    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    result = audit.verify()
    assert result.fault is None and result.links == before + 80


def test_a_document_that_was_changed_or_taken_away_is_found(clinics: World) -> None:
    records = one_of_each(clinics.here)
    plan = Document._base_manager.get(pk=records["plan"])
    actor = clinics.here.actor(Role.PRESCRIBER)
    with transaction.atomic():  # as its signature notes it
        audit.append(actor, "plan.sign", plan, patient=plan.patient_id, details={"sha256": plan.sha256})
    assert list(whole.damaged()) == []
    body = plan.body.replace("Secret", "Sacred").replace("0", "1", 1)
    with unguarded():
        Document._base_manager.filter(pk=plan.pk).update(body=body)
        Photograph._base_manager.filter(pk=records["photo"]).update(content=b"another")
    said = list(whole.damaged())
    assert len(said) == 2 and f"document {plan.pk} was changed" in said[0] and str(records["photo"]) in said[1]
    with unguarded():  # somebody who knows of the hash beside it
        Document._base_manager.filter(pk=plan.pk).update(sha256=hashlib.sha256(body.encode()).hexdigest())
    assert [one for one in whole.damaged() if f"{plan.pk} is not the one of link" in one]
