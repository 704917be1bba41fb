"""Signing in: who may, what is asked for, what happens to a browser that was left alone, and what the audit is told."""

from __future__ import annotations

import json
import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.urls import get_resolver
from django.utils import timezone

from nappage.values import InputError
from nappage_web.clinic import audit
from nappage_web.clinic.models import AuditEvent, Role, SignedIn, Staff, User
from nappage_web.clinic.signin import adapter, commands, lock
from nappage_web.clinic.signin.lock import device
from nappage_web.config import cli

from .world import PASSWORD, World, world

FETCH = {"headers": {"X-Requested-With": "fetch"}}
PIN = "271828"


@pytest.fixture(autouse=True)
def fresh_cache(db: None) -> None:
    cache.clear()  # the limits of one test are none of another's


def _code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def _sign_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password})


def _actions() -> list[str]:
    return list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))


def _left_alone(place: Any, role: Role, minutes: float) -> None:
    SignedIn.objects.filter(user=place.staff[role].user).update(last_active=timezone.now() - timedelta(minutes=minutes))


# Who gets in


def test_nobody_signs_up(clinics: World) -> None:
    for address in ("/accounts/signup/", "/accounts/closed/account_signup", "/accounts/email/"):
        assert Client().get(address).status_code == 404, address


def test_a_password_alone_opens_only_the_set_up_of_a_second_factor(clinics: World) -> None:
    client, user = Client(), clinics.here.staff[Role.LEAD].user
    assert _sign_in(client, user.email.upper()).status_code == 302
    assert client.get("/me/").url == "/accounts/2fa/"
    assert client.get("/me/", **FETCH).status_code == 403
    assert client.get("/accounts/2fa/").status_code == 200


def test_with_an_app_set_up_the_code_is_asked_for_and_checked(clinics: World) -> None:
    client, user = Client(), clinics.here.staff[Role.LEAD].user
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    assert _sign_in(client, user.email).url == "/accounts/2fa/authenticate/"
    assert client.get("/me/").url.startswith("/accounts/login/"), "not signed in before the second step"
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert client.get("/me/").url.startswith("/accounts/login/")
    assert client.post("/accounts/2fa/authenticate/", {"code": _code(secret)}).status_code == 302
    assert client.get("/me/").status_code == 200
    assert "signin" in _actions()


def test_a_recovery_code_works_once(clinics: World) -> None:
    user = clinics.here.staff[Role.LEAD].user
    TOTP.activate(user, generate_totp_secret())
    code = RecoveryCodes.activate(user).get_unused_codes()[0]
    for right in (True, False):
        client = Client()
        _sign_in(client, user.email)
        client.post("/accounts/2fa/authenticate/", {"code": code})
        assert (client.get("/me/").status_code == 200) is right


def test_recovery_codes_alone_are_no_second_factor(clinics: World) -> None:
    user, client = clinics.here.staff[Role.LEAD].user, Client()
    RecoveryCodes.activate(user)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/me/").url == "/accounts/2fa/"


@override_settings(DEMO=True)
def test_a_demo_asks_for_no_second_factor_and_says_that_it_is_one(clinics: World) -> None:
    client = Client()
    _sign_in(client, clinics.here.staff[Role.LEAD].user.email)
    page = client.get("/me/")
    assert page.status_code == 200 and b"demo-banner" in page.content


def test_who_left_the_clinic_sees_nothing(clinics: World) -> None:
    client, staff = clinics.here.client(Role.INJECTOR), clinics.here.staff[Role.INJECTOR]
    assert client.get("/me/").status_code == 200
    Staff._base_manager.filter(pk=staff.pk).update(active=False)
    assert client.get("/me/").status_code == 403
    User.objects.filter(pk=staff.user.pk).update(is_active=False)
    assert client.get("/me/").url.startswith("/accounts/login/")


def test_an_unknown_address_and_a_wrong_password_look_alike(clinics: World) -> None:
    email = clinics.here.staff[Role.LEAD].user.email
    own = r'(csrfmiddlewaretoken" value|data-csrf)="\w+"|value="[^"]*@[^"]*"'
    pages = [_sign_in(Client(), at, "wrong" * 4).content.decode() for at in (email, "nobody@example.test")]
    told = [re.sub(own, "", page) for page in pages]
    assert told[0] == told[1]


def test_tries_are_limited_over_all_workers(clinics: World) -> None:
    """In the database's cache, so that it does not matter which process is asked."""
    email = clinics.here.staff[Role.LEAD].user.email
    for n in range(15):
        _sign_in(Client(), email, f"wrong {n} wrong")
    assert _actions().count("signin.failed") <= 10, "the rest was not even looked at"
    assert _sign_in(Client(), email).status_code != 302, "even the right password has to wait"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cache")
        assert cursor.fetchone()[0] > 0


def test_a_failed_sign_in_stands_in_the_clinics_audit(clinics: World) -> None:
    user = clinics.here.staff[Role.LEAD].user
    _sign_in(Client(), user.email, "not the password")
    _sign_in(Client(), "stranger@example.test", "not the password")
    known, unknown = AuditEvent.objects.filter(action="signin.failed").order_by("seq")
    assert known.clinic == clinics.here.clinic.pk and known.subject == str(user.pk)
    assert known.actor_kind == "system" and known.outcome == "refused", "it is not known who tried"
    assert unknown.clinic is None and json.loads(unknown.details)["email"] == "stranger@example.test"
    assert "not the password" not in known.details + unknown.details


def test_a_sign_in_leads_back_only_to_this_server(clinics: World) -> None:
    with override_settings(DEMO=True):
        for way, to in (("/me/", "/me/"), ("https://evil.example/", "/")):
            client = Client()
            sent = {"login": clinics.here.staff[Role.LEAD].user.email, "password": PASSWORD, "next": way}
            answer = client.post("/accounts/login/", sent)
            assert answer.url == to


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.Argon2PasswordHasher"])
def test_passwords_and_pins_are_kept_as_argon2(clinics: World) -> None:
    user = User.objects.create_user("argon@example.test", PASSWORD, name="A")
    commands.set_pin(clinics.here.actor(Role.LEAD), PIN)
    assert user.password.startswith("argon2")
    assert User.objects.get(pk=clinics.here.staff[Role.LEAD].user.pk).pin.startswith("argon2")


@pytest.mark.parametrize("pin", ["12345", "111111", "123456", "987654", "12345a", "", "1" * 13])
def test_a_pin_that_is_easily_guessed_is_refused(clinics: World, pin: str) -> None:
    with pytest.raises(InputError):
        commands.set_pin(clinics.here.actor(Role.LEAD), pin)


def test_a_pin_is_set_only_by_who_knows_the_password(clinics: World) -> None:
    user, client = clinics.here.staff[Role.PRESCRIBER].user, clinics.here.client(Role.PRESCRIBER)
    commands.set_pin(clinics.here.actor(Role.PRESCRIBER), PIN)
    for sent in ({"pin": "314159"}, {"pin": "314159", "password": "no"}, {"pin": "314159", "password": PIN}):
        answer = client.post("/me/", sent)
        assert answer.status_code == 422 and 'id="password-error"' in answer.content.decode()
    assert lock.check_password(PIN, User.objects.get(pk=user.pk).pin), "an open browser alone changes no PIN"
    assert client.post("/me/", {"pin": "314159", "password": PASSWORD}).status_code == 302
    assert lock.check_password("314159", User.objects.get(pk=user.pk).pin)
    for _try in range(5):
        client.post("/me/", {"pin": "314159", "password": "no"})
    assert client.get("/me/").url.startswith("/accounts/login/"), "tries count here as they do at the lock"
    assert _actions().count("session.unlock-failed") == 8


def test_who_reads_the_database_makes_no_codes(clinics: World) -> None:
    user, secret = clinics.here.staff[Role.LEAD].user, generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    kept = [json.dumps(row.data) for row in Authenticator.objects.filter(user=user)]
    assert len(kept) == 2 and all("fernet:" in one and secret not in one for one in kept)
    client = Client()
    _sign_in(client, user.email)
    assert client.post("/accounts/2fa/authenticate/", {"code": _code(secret)}).url == "/"
    row = Authenticator.objects.get(user=user, type="totp")  # as it was set up before secrets were encrypted
    row.data = {"secret": secret}
    row.save()
    cache.clear()  # one code counts once
    client = Client()
    _sign_in(client, user.email)
    assert client.post("/accounts/2fa/authenticate/", {"code": _code(secret)}).url == "/"


def test_a_factor_of_another_key_opens_nothing_breaks_nothing_and_is_told(clinics: World, settings: Any) -> None:
    user, secret = clinics.here.staff[Role.LEAD].user, generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    assert adapter.unreadable() == 0
    settings.SECRET_KEY = "x" * 60
    assert adapter.unreadable() == 2
    empty = format_hotp_value(hotp_value("", next(yield_hotp_counters_from_time())))
    for code in (_code(secret), empty):
        client = Client()
        _sign_in(client, user.email)
        answer = client.post("/accounts/2fa/authenticate/", {"code": code})
        assert answer.status_code == 200 and "_auth_user_id" not in client.session


# A second factor that was lost


def test_the_lead_resets_a_colleagues_lost_second_factor(clinics: World) -> None:
    place, theirs = clinics.here, clinics.here.client(Role.INJECTOR)
    staff, client = place.staff[Role.INJECTOR], place.client(Role.LEAD)
    RecoveryCodes.activate(staff.user)
    assert theirs.get("/me/").status_code == 200
    url = f"/clinic/staff/{staff.pk}/factor"
    said = client.get(url).content.decode()
    assert "an app with codes" in said and "signed out everywhere" in said and "password alone" in said
    for sent in ({"proof": "no", "reason": "she called me"}, {"proof": PASSWORD, "reason": " "}):
        assert client.post(url, sent).status_code == 422
    assert Authenticator.objects.filter(user=staff.user).count() == 2
    assert client.post(url, {"proof": PASSWORD, "reason": "she stands before me"}).url == f"/clinic/staff/{staff.pk}/"
    assert not Authenticator.objects.filter(user=staff.user).exists()
    assert theirs.get("/me/").url.startswith("/accounts/login/"), "her sessions have ended"
    event = AuditEvent.objects.get(action="factor.lost")
    assert "she stands before me" in event.details and event.subject == str(staff.pk)
    (letter,) = mail.outbox
    assert letter.to == [staff.user.email] and "Clinical lead of Skin Clinic" in letter.body
    again = Client()
    assert _sign_in(again, staff.user.email).status_code == 302
    assert again.get("/patients/").url == "/accounts/2fa/", "she sets up a new one before anything else"
    assert "none yet" in client.get(f"/clinic/staff/{staff.pk}/").content.decode().lower()


def test_nobody_resets_their_own_second_factor(clinics: World) -> None:
    place, client = clinics.here, clinics.here.client(Role.LEAD)
    own = place.staff[Role.LEAD]
    answer = client.post(f"/clinic/staff/{own.pk}/factor", {"proof": PASSWORD, "reason": "my phone fell"})
    assert answer.status_code == 422 and "your own second factor" in answer.content.decode()
    assert Authenticator.objects.filter(user=own.user).exists()
    assert f"/clinic/staff/{own.pk}/factor" not in client.get(f"/clinic/staff/{own.pk}/").content.decode()


def test_no_lead_resets_the_second_factor_of_whom_another_organisation_trusts(clinics: World) -> None:
    """An invitation needs nobody's consent: it must not be a way into another clinic."""
    there, client = clinics.there, clinics.here.client(Role.LEAD)
    theirs = there.client(Role.PRESCRIBER)
    staff = commands.invite(
        clinics.here.actor(Role.LEAD), name="x", email=there.staff[Role.PRESCRIBER].user.email, roles=["injector"]
    )
    answer = client.post(f"/clinic/staff/{staff.pk}/factor", {"proof": PASSWORD, "reason": "let me in"})
    assert answer.status_code == 422 and "another organisation" in answer.content.decode()
    assert Authenticator.objects.filter(user=staff.user).exists() and theirs.get("/me/").status_code == 200


def test_a_lead_without_another_is_helped_on_the_server(clinics: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("os.umask", lambda mask: 0)  # this process goes on after the command
    user = clinics.here.staff[Role.LEAD].user
    TOTP.activate(user, generate_totp_secret())
    for words in (["nobody@example.test", "--reason", "she called"], [user.email]):
        assert cli.main(["resetfactor", *words]) == 1
    assert Authenticator.objects.filter(user=user).exists(), "not without a reason"
    assert cli.main(["resetfactor", user.email.upper(), "--reason", "she is here"]) == 0
    assert not Authenticator.objects.filter(user=user).exists()
    event = AuditEvent.objects.get(action="factor.lost")
    assert event.actor_kind == "system" and event.clinic == clinics.here.clinic.pk


# Passwords by mail


def test_a_forgotten_password_is_set_anew_by_mail_and_ends_every_session(clinics: World) -> None:
    staff, here = clinics.here.staff[Role.LEAD], clinics.here
    open_elsewhere = here.client(Role.LEAD)
    assert open_elsewhere.get("/me/").status_code == 200
    client = Client()
    client.post("/accounts/password/reset/", {"email": staff.user.email})
    (letter,) = mail.outbox
    link = re.search(r"http://testserver(/\S+)", letter.body).group(1)  # type: ignore[union-attr]
    _choose_password(client, link, "a new and longer password")
    assert open_elsewhere.get("/me/").url.startswith("/accounts/login/")
    assert not lock.open_ones(staff.user).exists()
    assert _sign_in(Client(), staff.user.email).status_code == 200
    assert _sign_in(Client(), staff.user.email, "a new and longer password").status_code == 302
    assert "password.reset" in _actions()


def _choose_password(client: Client, link: str, password: str) -> None:
    form = client.get(link, follow=True)
    assert form.status_code == 200, link
    done = client.post(form.request["PATH_INFO"], {"password1": password, "password2": password})
    assert done.status_code == 302, done.content.decode()
    again = client.get(link, follow=True).content.decode()
    assert 'name="password1"' not in again, "a link works once"


def test_an_address_nobody_has_gets_the_same_answer(clinics: World) -> None:
    answers = [Client().post("/accounts/password/reset/", {"email": at}) for at in
               (clinics.here.staff[Role.LEAD].user.email, "nobody@example.test")]  # fmt: skip
    assert answers[0].status_code == answers[1].status_code == 302 and answers[0].url == answers[1].url


def test_the_lead_invites_and_the_invited_choose_a_password(clinics: World) -> None:
    client = clinics.here.client(Role.LEAD)
    wanted = {"name": "Zoé Martin", "email": "Zoe@Clinic.example", "roles": ["injector", "prescriber"]}
    assert client.post("/clinic/invite", wanted).status_code == 302
    (letter,) = mail.outbox
    assert letter.to == ["zoe@clinic.example"] and "Skin Clinic" in letter.subject
    user = User.objects.get(email="zoe@clinic.example")
    assert not user.has_usable_password() and _sign_in(Client(), user.email, "").status_code == 200
    invited = Client()
    _choose_password(invited, re.search(r"http://testserver(/\S+)", letter.body).group(1), "a long password of Zoé's")  # type: ignore[union-attr]
    _sign_in(invited, user.email, "a long password of Zoé's")
    assert invited.get("/me/").url == "/accounts/2fa/"
    assert Staff._base_manager.get(user=user).roles == ["injector", "prescriber"]
    assert "staff.invite" in _actions()


def test_somebody_of_another_clinic_keeps_their_password(clinics: World) -> None:
    other = clinics.there.staff[Role.INJECTOR].user
    clinics.here.client(Role.LEAD).post("/clinic/invite", {"name": "X", "email": other.email, "roles": ["injector"]})
    (letter,) = mail.outbox
    assert "password/reset" not in letter.body
    other.refresh_from_db()
    assert other.check_password(PASSWORD) and other.name != "X" and other.memberships.count() == 2


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"name": " ", "email": "a@b.example", "roles": ["lead"]}, "name"),
        ({"name": "A", "email": "a@b", "roles": ["lead"]}, "email"),
        ({"name": "A", "email": "a@b.example"}, "roles"),
        ({"name": "A", "email": "a@b.example", "roles": ["god"]}, "roles"),
    ],
)
def test_an_invitation_that_cannot_be_sent_says_where_and_keeps_what_was_typed(
    clinics: World, wrong: dict[str, Any], place: str
) -> None:
    answer = clinics.here.client(Role.LEAD).post("/clinic/invite", wrong)
    assert answer.status_code == 422 and f'id="{place}-error"'.encode() in answer.content
    assert wrong["email"].encode() in answer.content and not mail.outbox


@pytest.mark.parametrize("role", [role for role in Role if role != Role.LEAD])
def test_only_the_lead_invites(clinics: World, role: Role) -> None:
    sent = clinics.here.client(role).post("/clinic/invite", {"name": "A", "email": "a@b.example", "roles": ["lead"]})
    assert sent.status_code == 403 and not mail.outbox


# The lock


def test_a_browser_left_alone_is_locked_for_scripts_and_for_people(clinics: World) -> None:
    client = clinics.here.client(Role.INJECTOR)
    client.get("/me/")
    _left_alone(clinics.here, Role.INJECTOR, 4.9)
    assert client.get("/me/").status_code == 200, "not yet"
    _left_alone(clinics.here, Role.INJECTOR, 5.1)
    page = client.get("/me/?a=b")
    assert page.status_code == 302 and page.url == "/unlock?next=%2Fme%2F%3Fa%3Db"
    assert client.get("/me/", **FETCH).status_code == 423
    assert client.get("/me/", headers={"HX-Request": "true"}).status_code == 423
    sent = client.post("/me/", {"pin": PIN})
    assert sent.status_code == 423 and b"Unlock" in sent.content
    assert not User.objects.get(pk=clinics.here.staff[Role.INJECTOR].user.pk).pin, "nothing is done while locked"
    assert b"Injector of Skin Clinic" in client.get("/unlock").content


@pytest.mark.parametrize(("wanted", "minutes"), [(1, 1), (15, 15), (0, 1), (400, 15)])
def test_the_clinic_chooses_how_long_within_bounds(clinics: World, wanted: int, minutes: int) -> None:
    clinics.here.clinic.idle_minutes = wanted
    clinics.here.clinic.save()
    client = clinics.here.client(Role.INJECTOR)
    client.get("/me/")
    _left_alone(clinics.here, Role.INJECTOR, minutes - 0.1)
    assert client.get("/me/", **FETCH).status_code == 200
    _left_alone(clinics.here, Role.INJECTOR, minutes + 0.1)
    assert client.get("/me/", **FETCH).status_code == 423


def test_asking_for_the_state_is_no_activity(clinics: World) -> None:
    client = clinics.here.client(Role.INJECTOR)
    client.get("/me/")
    _left_alone(clinics.here, Role.INJECTOR, 3)
    first = client.get("/session/state").json()
    assert first["signed_in"] and not first["locked"] and 110 <= first["seconds_left"] <= 120
    client.get("/me/")
    assert client.get("/session/state").json()["seconds_left"] > 290, "a page is"
    _left_alone(clinics.here, Role.INJECTOR, 6)
    assert client.get("/session/state").json() == {"signed_in": True, "locked": True, "seconds_left": 0}
    assert Client().get("/session/state").json()["signed_in"] is False


@pytest.mark.parametrize("proof", [PIN, PASSWORD])
def test_the_pin_or_the_password_unlocks(clinics: World, proof: str) -> None:
    commands.set_pin(clinics.here.actor(Role.INJECTOR), PIN)
    client = clinics.here.client(Role.INJECTOR)
    client.post("/lock", **FETCH)
    assert client.get("/me/", **FETCH).status_code == 423
    assert client.post("/unlock", {"proof": "314159"}, **FETCH).json() == {"unlocked": False, "tries_left": 4}
    assert client.post("/unlock", {"proof": proof}, **FETCH).json() == {"unlocked": True}
    assert client.get("/me/", **FETCH).status_code == 200
    assert _actions()[-2:] == ["session.unlock-failed", "session.unlocked"]


def test_an_empty_proof_does_not_unlock_who_has_no_pin(clinics: World) -> None:
    client = clinics.here.client(Role.INJECTOR)
    client.post("/lock", **FETCH)
    assert client.post("/unlock", {"proof": ""}, **FETCH).status_code == 422


def test_the_fifth_wrong_try_signs_out(clinics: World) -> None:
    commands.set_pin(clinics.here.actor(Role.INJECTOR), PIN)
    client = clinics.here.client(Role.INJECTOR)
    client.post("/lock", **FETCH)
    answers = [client.post("/unlock", {"proof": f"00000{n}"}, **FETCH).status_code for n in range(5)]
    assert answers == [422] * 4 + [401]
    assert client.post("/unlock", {"proof": PIN}, **FETCH).status_code == 401
    assert client.get("/me/").url.startswith("/accounts/login/")


def test_a_person_without_script_unlocks_on_a_page_and_goes_on(clinics: World) -> None:
    client = clinics.here.client(Role.INJECTOR)
    client.get("/me/")
    assert client.post("/lock").url == "/unlock"
    wrong = client.post("/unlock", {"proof": "no", "next": "/me/"})
    assert wrong.status_code == 422 and b"4 tries left" in wrong.content
    assert client.post("/unlock", {"proof": PASSWORD, "next": "https://evil.example/"}).url == "/"
    client.post("/lock")
    assert client.post("/unlock", {"proof": PASSWORD, "next": "/me/"}).url == "/me/"


def test_many_tries_at_once_are_no_way_round_the_limit(transactional_db: None) -> None:
    cache.clear()
    place = world().here
    client = place.client(Role.INJECTOR)
    client.post("/lock", **FETCH)
    row, user = SignedIn.objects.get(user=place.staff[Role.INJECTOR].user), place.staff[Role.INJECTOR].user
    looked_at, answered = threading.Semaphore(0), threading.Event()  # no answer before each of them has asked
    tried: list[str] = []

    def slow(proof: str) -> bool:
        tried.append(proof)
        looked_at.release()
        return not answered.wait(60)

    user.check_password = slow  # type: ignore[method-assign]

    def guess(n: int) -> None:
        if not lock.unlock(SignedIn.objects.get(pk=row.pk), user, f"{n:06}"):
            looked_at.release()  # refused unseen, or the answer was there
        connection.close()

    threads = [threading.Thread(target=guess, args=[n]) for n in range(20)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert looked_at.acquire(timeout=60)
    answered.set()
    for thread in threads:
        thread.join()
    assert len(tried) == lock.MOST_TRIES
    assert client.get("/me/").url.startswith("/accounts/login/")


def test_a_request_under_way_does_not_undo_the_lock(clinics: World) -> None:
    """It read its session before the lock and writes it back whole after it."""
    client = clinics.here.client(Role.INJECTOR)
    client.get("/me/")
    before = client.session
    client.post("/lock", **FETCH)
    before["anything"] = 1
    before.save()
    assert client.get("/me/", **FETCH).status_code == 423
    row = SignedIn.objects.get(user=clinics.here.staff[Role.INJECTOR].user)
    row.locked, row.last_active = False, timezone.now() - timedelta(minutes=1)  # as that request saw it
    lock.touch(row)
    assert client.get("/me/", **FETCH).status_code == 423


def test_a_signed_in_browser_ends_after_twelve_hours_whatever_it_does(clinics: World) -> None:
    client = clinics.here.client(Role.INJECTOR)
    client.get("/me/")
    SignedIn.objects.update(started=timezone.now() - timedelta(hours=12, minutes=1))
    assert client.get("/me/").url.startswith("/accounts/login/")


# Sessions


def test_a_person_sees_their_sessions_and_ends_one(clinics: World) -> None:
    mine, lost = clinics.here.client(Role.INJECTOR), clinics.here.client(Role.INJECTOR)
    agent = "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605 (KHTML, like Gecko) Version/17 Safari/604"
    lost.get("/me/", headers={"User-Agent": agent})
    listed = mine.get("/me/").content.decode()
    (key,) = re.findall(r'name="end" value="([^"]+)"', listed)
    assert listed.count("This one") == 1
    assert mine.post("/me/", {"end": key}).status_code == 302
    assert lost.get("/me/").url.startswith("/accounts/login/")
    assert lost.get("/session/state").json()["signed_in"] is False
    assert mine.get("/me/").status_code == 200
    assert mine.post("/me/", {"end": key}).status_code == 422, "it has ended already"
    assert "session.end" in _actions()


def test_nobody_ends_the_session_of_another(clinics: World) -> None:
    victim, other = clinics.here.client(Role.INJECTOR), clinics.here.client(Role.LEAD)
    victim.get("/me/")
    key = str(SignedIn.objects.get(user=clinics.here.staff[Role.INJECTOR].user).pk)
    for wrong in (key, "nonsense", ""):
        assert other.post("/me/", {"end": wrong}).status_code == 422
    assert victim.get("/me/").status_code == 200


def test_signing_out_ends_it_even_for_a_copied_cookie(clinics: World) -> None:
    client = clinics.here.client(Role.INJECTOR)
    client.get("/me/")
    copied = Client()
    copied.cookies["sessionid"] = client.cookies["sessionid"].value
    assert copied.get("/me/").status_code == 200
    client.post("/accounts/logout/")
    assert copied.get("/me/").url.startswith("/accounts/login/")
    assert not lock.open_ones(clinics.here.staff[Role.INJECTOR].user).exists()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox, Windows"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/131 Mobile Safari/537", "Chrome, Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/17 Safari/605", "Safari, macOS"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/131 Safari/537 Edg/131", "Edge, Windows"),
        ("curl/8", ""),
    ],
)  # fmt: skip
def test_a_browser_is_named_as_people_name_it(agent: str, words: str) -> None:
    assert device(agent) == words


# The whole


def test_each_address_says_who_may_open_it() -> None:
    def views(patterns: Any) -> Any:
        for one in patterns:
            yield from views(one.url_patterns) if hasattr(one, "url_patterns") else [one]

    undeclared = [str(one.pattern) for one in views(get_resolver().url_patterns) if not hasattr(one.callback, "page")]
    assert not undeclared


def test_the_chain_holds_after_all_of_it(clinics: World) -> None:
    client = clinics.here.client(Role.LEAD)
    client.post("/lock", **FETCH)
    client.post("/unlock", {"proof": PASSWORD}, **FETCH)
    client.post("/accounts/logout/")
    assert audit.verify().fault is None
    assert {"signin", "session.unlocked", "signout"} <= set(_actions())
    assert Authenticator.objects.exists()
