"""What the journeys share: signing in at its page, a hand that counts, looking at a page, taking its picture."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache

from nappage_web.clinic.models import Role

from ..conftest import Server, axe, overflows
from ..world import PASSWORD, Place

PICTURES = Path(__file__).parents[3] / "docs" / "pictures" / "web"
WIDTHS = (360, 390, 820, 1280)
MOST_BYTES = 120_000
TOO_WIDE = """[...document.body.querySelectorAll("*")]
    .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !one.children.length)
    .slice(0, 3).map(one => one.parentElement.outerHTML.slice(0, 200))"""


class Hand:
    """A person's hand on a page. A click, a tap, a field typed into, a line drawn: one interaction each; reading,
    scrolling and waiting are none."""

    def __init__(self, page: Any) -> None:
        self.page, self.done, self.began, self.inspected = page, [], time.monotonic(), sum(INSPECTED)

    def click(self, place: Any) -> None:
        place.click()
        self.done.append(f"click {_words(place)}")

    def fill(self, place: Any, value: str) -> None:
        place.fill(value)
        self.done.append(f"type {value if value != PASSWORD else '…'}")

    def select(self, place: Any, value: str) -> None:
        place.select_option(value)
        self.done.append(f"select {value}")

    def draw(self, place: Any) -> None:
        """A signature, as one line."""
        place.scroll_into_view_if_needed()
        box = place.bounding_box()
        x, y, w, h = box["x"], box["y"], box["width"], box["height"]
        mouse = self.page.mouse
        mouse.move(x + w * 0.1, y + h * 0.6)
        mouse.down()
        for n in range(1, 17):
            mouse.move(x + w * (0.1 + 0.05 * n), y + h * (0.5 + (0.25 if n % 2 else -0.25)), steps=3)
        mouse.up()
        self.done.append("draw a signature")

    @property
    def seconds(self) -> float:
        """Since the hand first lay on the page, without the time that inspecting pages took."""
        return time.monotonic() - self.began - (sum(INSPECTED) - self.inspected)


INSPECTED: list[float] = []  # seconds spent in look() and picture()


@contextmanager
def inspecting() -> Iterator[None]:
    began = time.monotonic()
    yield
    INSPECTED.append(time.monotonic() - began)


def _words(place: Any) -> str:
    return str(place).split("selector=")[-1].rstrip(">").strip("'\"")


def sign_in(page: Any, server: Server, place: Place, role: Role) -> None:
    """At the sign-in page: e-mail, password, the code of an authenticator app."""
    cache.clear()  # a code works once, and another device may have used this half-minute's
    user = place.staff[role].user
    secret = SECRETS.get(user.pk)
    if secret is None:
        secret = SECRETS[user.pk] = generate_totp_secret()
        Authenticator.objects.filter(user=user).delete()  # of a client of the test's own
        TOTP.activate(user, secret)
    page.goto(f"{server.url}/accounts/login/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/accounts/2fa/authenticate/**")
    page.get_by_label("Code").fill(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.wait_for_url(lambda address: "/accounts/" not in address)


SECRETS: dict[Any, str] = {}


def until(page: Any, script: str, seconds: float = 30) -> None:
    """Waits for a script to be true. Playwright's own waiting evaluates text, which the page's policy forbids."""
    for _ in range(int(seconds * 20)):
        if page.evaluate(script):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{script} at {page.url}")


def saved(page: Any) -> None:
    """Until everything typed is acknowledged and the panels have followed."""
    page.wait_for_timeout(450)  # typing is gathered for 400 ms
    page.wait_for_selector("[data-save-state][data-state=saved]")
    page.wait_for_timeout(350)
    page.wait_for_load_state("networkidle")


@inspecting()
def look(page: Any) -> None:
    """Nothing of WCAG 2.2 AA is broken in light and dark, nothing is wider than the window at any width, and no script
    failed. The page is left as it was."""
    wrong, size = [], page.viewport_size
    page.wait_for_load_state("networkidle")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.wait_for_timeout(60)
        wrong += [f"{scheme}: {one}" for one in axe(page)]
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": size["height"]})
        page.wait_for_timeout(60)
        if overflows(page) > 0:
            wrong.append(f"{overflows(page)} px too wide at {width}: {page.evaluate(TOO_WIDE)}")
    page.set_viewport_size(size)
    assert wrong + page.faults == [], f"{page.url}\n" + "\n".join(wrong + page.faults)


@inspecting()
def picture(page: Any, name: str, at: Any = None) -> None:
    """Kept for docs/explanation/app.md when NAPPAGE_SHOTS is set: what the window shows, scrolled to a place."""
    if not os.environ.get("NAPPAGE_SHOTS"):
        return
    from PIL import Image

    if at is not None:
        at.evaluate("one => one.scrollIntoView({block: 'center'})")
    else:
        page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(300)
    shot = Image.open(io.BytesIO(page.screenshot(caret="initial"))).convert("RGB")
    for colours in (128, 64, 32, 16):
        out = io.BytesIO()
        shot.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= MOST_BYTES:
            break
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / f"{name}.png").write_bytes(out.getvalue())
