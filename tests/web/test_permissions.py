"""The permission matrix, cell by cell: every address, every role, a stranger, and the staff of another clinic."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from nappage_web.clinic.access import PAGES
from nappage_web.clinic.commands import COMMANDS
from nappage_web.clinic.models import AuditEvent, Role, SignedIn

from .permissions import PAGE, declared, load_everything, patterns, text
from .records import one_of_each
from .world import World, world

load_everything()
ADDRESSES = sorted(dict(patterns()))
# What the records of tests/web/records.py hold nothing for, so that who may open it finds nothing there.
EMPTY = {"drafts/<uuid:draft>/photographs/<uuid:photo>/map.png"}  # needs a fitted face: test_photo_marks.py
_ASKED = ("patient", "staff", "room", "clinic", "photo")
STAFF = [a for a in ADDRESSES if (d := declared(dict(patterns())[a])) and d.roles]


@dataclass(frozen=True)
class Made:
    """Two clinics, the ids of one of each record in both, and the staff of the first, signed in."""

    world: World
    here: dict[str, Any]
    there: dict[str, Any]
    cookies: dict[Role, SimpleCookie]

    def client(self, role: Role) -> Client:
        client = Client()
        client.cookies = copy.deepcopy(self.cookies[role])
        return client


@pytest.fixture(scope="module")
def _made(django_db_setup: None, django_db_blocker: Any) -> Iterator[Made]:
    """Once for all cells: what a test does is undone to a savepoint in this transaction."""
    with django_db_blocker.unblock(), transaction.atomic():
        both = world()
        cookies = {role: both.here.client(role).cookies for role in Role}
        yield Made(both, one_of_each(both.here), one_of_each(both.there), cookies)
        transaction.set_rollback(True)


@pytest.fixture
def made(_made: Made, db: None) -> Made:
    SignedIn.objects.update(last_active=timezone.now())  # nobody was away
    return _made


def address(pattern: str, records: dict[str, Any]) -> str:
    """The pattern with the ids of real records in it."""
    named = re.findall(r"<(?:\w+:)?(\w+)>", pattern)
    missing = [name for name in named if name not in records]
    assert not missing, f"{pattern}: tests/web/records.py has no {missing}"
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda m: str(records[m[1]]), pattern)


def status(client: Client, url: str, records: dict[str, Any]) -> int:
    """Of a GET, or of a POST where the address takes only that, with whom and where it may ask for."""
    named = {"with": records["other"], **{name: records[name] for name in _ASKED}}
    answer = client.get(url, named)
    return client.post(url, named).status_code if answer.status_code == 405 else answer.status_code


def test_every_address_says_who_may_open_it() -> None:
    silent = [a for a in ADDRESSES if declared(dict(patterns())[a]) is None and not a.startswith("static")]
    assert not silent, silent


@pytest.mark.parametrize("pattern", STAFF)
def test_each_role_opens_what_is_its_own_and_nothing_else(made: Made, pattern: str) -> None:
    page = declared(dict(patterns())[pattern])
    records = made.here | {"clinic": made.world.here.clinic.pk}
    url = address(pattern, records)
    for role in Role:
        if role in page.roles:
            got = status(made.client(role), url, records)
            good = got == 404 if pattern in EMPTY else got not in (401, 403, 404, 405) and got < 500
            assert good, f"{role} is refused {url}: {got}"
        else:
            got = status(made.client(role), url, records)
            assert got == 403, f"{role} opens {url}: {got}"


@pytest.mark.parametrize("pattern", [a for a in STAFF if re.search(r"<uuid:(?!staff|protocol)", a)])
def test_every_look_at_a_patients_record_is_in_the_audit(made: Made, pattern: str) -> None:
    """Of whoever may; and of whoever may not, that they asked."""
    records = made.here
    url, mine = address(pattern, records), AuditEvent.objects.filter(patient=records["patient"])
    for role in Role:
        before = mine.count()
        got = made.client(role).get(url, {"with": records["other"], "patient": records["patient"]}).status_code
        if got == 200:
            assert mine.count() > before, f"{role} read {url} unseen"
        refused = AuditEvent.objects.filter(action="page.refused", actor=made.world.here.actor(role).id)
        assert refused.count() == (got == 403), url


@pytest.mark.parametrize("pattern", STAFF)
def test_nobody_opens_it_without_signing_in(made: Made, pattern: str) -> None:
    url = address(pattern, made.here)
    got = Client().get(url)
    if got.status_code == 405:
        got = Client().post(url)
    assert got.status_code == 401 or (got.status_code == 302 and got.url.startswith("/accounts/login/")), (
        got.status_code
    )


@pytest.mark.parametrize("pattern", [a for a in STAFF if "<uuid:" in a])
def test_another_clinics_record_does_not_exist(made: Made, pattern: str) -> None:
    """For no role, by no address; and looking for it changes nothing there."""
    records = made.there
    url = address(pattern, records)
    before = AuditEvent.objects.filter(clinic=made.world.there.clinic.pk).count()
    page = declared(dict(patterns())[pattern])
    for role in page.roles:
        client = made.client(role)
        for answer in (client.get(url), client.post(url)):
            assert answer.status_code in (404, 405), f"{role} {url}: {answer.status_code}"
            assert b"Secret Stranger" not in answer.content
    assert AuditEvent.objects.filter(clinic=made.world.there.clinic.pk).count() == before


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_refuses_whoever_may_not(made: Made, name: str) -> None:
    """Before it looks at anything else; and the refusal is in the audit."""
    import importlib

    from nappage_web.clinic.access import NotAllowed

    command = COMMANDS[name]
    module = importlib.import_module(command.module)
    function = next(f for f in vars(module).values() if getattr(f, "command", None) is command)
    for role in Role:
        if role.value not in command.by:
            with pytest.raises(NotAllowed):
                function(made.world.here.actor(role))
    refused = AuditEvent.objects.filter(action=name, outcome="refused")
    assert refused.count() == sum(role.value not in command.by for role in Role)


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text() == text(), "run `make reference`"


def test_no_role_is_forgotten() -> None:
    assert {role for page in PAGES.values() for role in page.roles} == set(Role)
