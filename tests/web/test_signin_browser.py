"""Signing in as a person does, in a real browser with a real server: an app's code, a passkey, the lock, every page."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
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
from django.core.cache import cache
from django.utils import timezone

from nappage_web.clinic.models import AuditEvent, Role, SignedIn, User

from .conftest import Server, axe, overflows
from .world import PASSWORD, Place, world

Opened = Callable[..., Any]
SHOTS = os.environ.get("NAPPAGE_SHOTS")


@pytest.fixture
def here(live: Server) -> Place:
    cache.clear()
    return world().here


def _code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def _password(page: Any, url: str, user: User) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def _once_more(page: Any) -> None:
    """The password, asked for again before a factor is added."""
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def _signed_in(page: Any, live: Server, place: Place, role: Role) -> None:
    """Past the sign-in, without the form."""
    cookie = place.client(role).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live.url}])


def _sign_out(page: Any) -> None:
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/accounts/login/")


def test_a_second_factor_is_set_up_at_the_first_sign_in_and_asked_for_at_the_next(
    live: Server, opened: Opened, here: Place
) -> None:
    page, user = opened("phone"), here.staff[Role.INJECTOR].user
    _password(page, live.url, user)
    page.wait_for_url("**/accounts/2fa/")
    page.get_by_role("link", name="Set up an app").click()
    _once_more(page)
    secret = page.locator("#authenticator_secret").input_value()
    assert page.locator("img[src^='data:image/svg']").evaluate("image => image.naturalWidth") > 100
    page.get_by_label("Authenticator code").fill("000000")
    page.get_by_role("button", name="Activate").click()
    page.get_by_text("Incorrect code").wait_for()
    page.get_by_label("Authenticator code").fill(_code(page.locator("#authenticator_secret").input_value()))
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url("**/recovery-codes/")
    page.goto(f"{live.url}/me/")
    assert page.get_by_role("heading", name=user.name).is_visible()
    _sign_out(page)
    cache.clear()  # a code works once, and half a minute has not passed
    _password(page, live.url, user)
    page.wait_for_url("**/accounts/2fa/authenticate/**")
    page.get_by_label("Code").fill(_code(secret))
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.goto(f"{live.url}/me/")
    assert page.get_by_role("heading", name=user.name).is_visible()
    assert page.faults == []
    done = list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))
    assert [a for a in done if a in ("signin", "factor.added", "signout")][:4] == [
        "signin", "factor.added", "factor.added", "signout",
    ]  # fmt: skip


def test_a_passkey_is_added_and_signs_in_without_a_password(live: Server, opened: Opened, here: Place) -> None:
    page, user = opened("tablet"), here.staff[Role.PRESCRIBER].user
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
           "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": key})
    _password(page, live.url, user)
    page.wait_for_url("**/accounts/2fa/")
    page.get_by_role("link", name="Add a passkey").click()
    _once_more(page)
    page.get_by_label("Name").fill("The clinic's tablet")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/recovery-codes/")
    assert Authenticator.objects.filter(user=user, type="webauthn").exists()
    page.goto(f"{live.url}/me/")
    _sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda address: "/accounts/" not in address)
    page.goto(f"{live.url}/me/")
    assert page.get_by_role("heading", name=user.name).is_visible()
    assert page.faults == [] or all("404" in fault for fault in page.faults)


def test_an_idle_lock_keeps_what_was_typed(live: Server, opened: Opened, here: Place) -> None:
    page, user = opened("tablet"), here.staff[Role.LEAD].user
    _signed_in(page, live, here, Role.LEAD)
    page.goto(f"{live.url}/clinic/invite")
    page.get_by_label("Name, as it stands").fill("Half a na")
    SignedIn.objects.filter(user=user).update(last_active=timezone.now() - timedelta(minutes=6))
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.get_by_role("dialog", name="This session is locked").wait_for()
    assert page.locator("main").evaluate("main => main.inert")
    assert axe(page) == []
    page.get_by_label("PIN or password").fill("wrong")
    page.get_by_role("button", name="Unlock").click()
    page.get_by_text("That is not your PIN or password.").wait_for()
    page.get_by_label("PIN or password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="This session is locked").wait_for(state="detached")
    assert page.get_by_label("Name, as it stands").input_value() == "Half a na"
    page.keyboard.type("me")
    assert page.get_by_label("Name, as it stands").input_value() == "Half a name", "the place in the text is kept too"


def test_a_session_ended_elsewhere_leaves_nothing_on_the_screen(live: Server, opened: Opened, here: Place) -> None:
    page = opened("tablet")
    _signed_in(page, live, here, Role.LEAD)
    page.goto(f"{live.url}/clinic/invite")
    SignedIn.objects.update(ended=timezone.now())
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.wait_for_url("**/accounts/login/?next=%2Fclinic%2Finvite")
    page.go_back()
    page.wait_for_url("**/accounts/login/?next=**")


_OPEN = ("accounts/login/", "accounts/password/reset/", "accounts/password/reset/done/")
_OWN = (
    "me/", "clinic/invite", "accounts/2fa/", "accounts/2fa/totp/deactivate/", "accounts/2fa/recovery-codes/",
    "accounts/2fa/recovery-codes/generate/", "accounts/2fa/webauthn/", "accounts/2fa/webauthn/add/",
    "accounts/password/change/", "accounts/logout/", "accounts/2fa/reauthenticate/", "accounts/reauthenticate/",
)  # fmt: skip


@pytest.mark.parametrize(
    ("size", "scheme"), [("phone", "light"), ("phone", "dark"), ("tablet", "light"), ("desk", "light")]
)
def test_every_page_of_the_sign_in_is_whole(live: Server, opened: Opened, here: Place, size: str, scheme: str) -> None:
    """At each size nothing is wider than the window; WCAG is looked at on a phone, in both colour schemes."""
    page, client = opened(size, color_scheme=scheme), here.client(Role.LEAD)
    found = [fault for address in _OPEN for fault in _look(page, live, address, size, scheme)]
    RecoveryCodes.activate(here.staff[Role.LEAD].user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})  # what some pages ask for first
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live.url}])
    found += [fault for address in _OWN for fault in _look(page, live, address, size, scheme)]
    SignedIn.objects.update(locked=True)
    found += _look(page, live, "unlock", size, scheme)
    other, user = opened(size, color_scheme=scheme), here.staff[Role.AUDITOR].user
    TOTP.activate(user, generate_totp_secret())
    _password(other, live.url, user)
    other.wait_for_url("**/2fa/authenticate/**")
    found += _look(other, live, "accounts/2fa/authenticate/", size, scheme)
    assert found + page.faults + other.faults == []


def _look(page: Any, live: Server, address: str, size: str, scheme: str) -> list[str]:
    page.goto(f"{live.url}/{address}")
    assert page.url.startswith(f"{live.url}/{address}"), page.url
    if SHOTS:
        folder = Path(SHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{size}-{scheme}-{address.strip('/').replace('/', '-')}.png", full_page=True)
    wide = overflows(page)
    faults = axe(page) if size == "phone" else []
    return [f"{address}: {fault}" for fault in [*faults, *([f"{wide} px too wide"] if wide > 0 else [])]]
