"""The server is killed (-9) two hundred times at random moments while four people type. Whatever was acknowledged is
there, nothing is there twice, the database is whole, and the audit chain verifies."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import connection

from nappage_web.clinic import audit
from nappage_web.clinic.models import AuditEvent, Role
from nappage_web.patients import drafts
from nappage_web.patients.models import Draft, Edit

from .conftest import Server
from .world import World

KILLS = 200 if connection.vendor == "sqlite" else 50  # a server of PostgreSQL survives its client by design
EDITS = 200  # acknowledged, or it was hardly a load


@dataclass
class Typist:
    """Sends one edit after the other, each until it is acknowledged, as the browser's outbox does."""

    port: int
    url: str
    cookies: str
    base: int = 0
    sent: int = 0
    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def type(self, until: threading.Event) -> None:
        while not until.is_set():
            self.sent += 1
            key, path, value = str(uuid.uuid4()), f"consultation.note{self.sent % 7}", f"words {self.sent}"
            while not until.is_set():
                try:
                    status, said = self._post({"id": key, "base": self.base, "path": path, "value": value})
                except (OSError, http.client.HTTPException, ValueError):
                    time.sleep(0.005)
                    continue
                if status == 200:
                    self.acknowledged[key] = (path, value)
                    self.base = said["revision"]
                else:
                    self.faults.append(f"{status} {said}")
                break

    def _post(self, edit: dict[str, object]) -> tuple[int, dict[str, int]]:
        link = http.client.HTTPConnection("localhost", self.port, timeout=10)
        try:
            headers = {"Content-Type": "application/json", "Cookie": self.cookies, "X-CSRFToken": "a" * 32,
                       "X-Requested-With": "fetch"}  # fmt: skip
            link.request("POST", self.url, json.dumps(edit), headers)
            answer = link.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            link.close()


def typists(clinics: World, port: int) -> list[Typist]:
    found = []
    for number in range(4):
        draft = clinics.here.draft(clinics.here.patient(f"Patient {number}"))
        session = clinics.here.client(Role.INJECTOR).cookies["sessionid"].value
        found.append(Typist(port, f"/drafts/{draft.pk}/edits", f"sessionid={session}; csrftoken={'a' * 32}"))
    return found


def verify(people: list[Typist]) -> None:
    assert all(not one.faults for one in people), [one.faults[:3] for one in people]
    acknowledged = {uuid.UUID(key): said for one in people for key, said in one.acknowledged.items()}
    assert len(acknowledged) > EDITS, f"only {len(acknowledged)} edits were acknowledged: hardly a load"
    rows = {edit.pk: edit for edit in Edit._base_manager.filter(outcome="applied")}
    lost = [key for key in acknowledged if key not in rows]
    assert not lost, f"{len(lost)} of {len(acknowledged)} acknowledged edits are gone"
    assert all((rows[key].path, rows[key].value) == said for key, said in acknowledged.items())
    for draft in Draft._base_manager.all():
        assert drafts.fold(list(draft.edits.all())) == draft.body
        revisions = sorted(draft.edits.values_list("revision", flat=True))
        assert revisions == list(range(1, len(revisions) + 1)), "each edit counted once, in its order"
    events = AuditEvent.objects.filter(action="draft.edit", outcome="done").values_list("details", flat=True)
    first = [event["edit"] for event in map(json.loads, events) if not event.get("again")]
    assert sorted(first) == sorted(map(str, rows)), "each edit with its event, no event without its edit"
    assert audit.verify().fault is None
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            assert cursor.fetchone()[0] == "ok"


@pytest.mark.django_db(transaction=True)
def test_nothing_acknowledged_is_lost_by_two_hundred_kills(clinics: World) -> None:
    dice = random.Random(20261125)
    server = Server()
    command = [sys.executable, "-m", "tests.web.prefork", str(server.port)]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(command, cwd=root, env=server.environment, stdout=subprocess.PIPE, text=True)
    people, until = typists(clinics, server.port), threading.Event()
    threads = [threading.Thread(target=one.type, args=(until,)) for one in people]
    assert process.stdout is not None
    child = int(process.stdout.readline())
    try:
        for thread in threads:
            thread.start()
        for killed in range(4 * KILLS):
            if killed >= KILLS and sum(len(one.acknowledged) for one in people) > EDITS:
                break  # a slow machine needs more kills to take as many edits
            time.sleep(dice.uniform(0.01, 0.35))
            os.kill(child, signal.SIGKILL)
            child = int(process.stdout.readline())
        time.sleep(1)
    finally:
        until.set()
        for thread in threads:
            thread.join()
        process.kill()
        os.kill(child, signal.SIGKILL)
        process.wait()
    verify(people)


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_nothing_acknowledged_is_lost_when_granian_is_killed(clinics: World) -> None:
    """The same with the real server, its main process and its worker, started anew each time."""
    dice = random.Random(1)
    server = Server()
    people, until = typists(clinics, server.port), threading.Event()
    threads = [threading.Thread(target=one.type, args=(until,)) for one in people]
    for thread in threads:
        thread.start()
    try:
        for _ in range(KILLS):
            server.start()
            time.sleep(dice.uniform(0.01, 0.6))
            assert server.process is not None
            os.killpg(server.process.pid, signal.SIGKILL)
            server.process.wait()
        server.start()
        time.sleep(1)
    finally:
        until.set()
        for thread in threads:
            thread.join()
        server.stop()
    verify(people)
