"""What every page's frame needs: the actor, the way to each room the actor may enter, whether this is a demo."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from .access import EVERYONE, Actor
from .models import Role

# name of the address, word, icon, who may
_NAV = (
    ("today", _("Today"), "today", EVERYONE),
    ("patients", _("Patients"), "patients", EVERYONE),
    ("diary", _("Diary"), "diary", EVERYONE - {Role.AUDITOR}),
    ("reports", _("Reports"), "reports", frozenset({Role.LEAD, Role.AUDITOR})),
    ("clinic", _("Clinic"), "clinic", frozenset({Role.LEAD, Role.AUDITOR})),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    actor: Actor | None = getattr(request, "actor", None)
    nav = []
    for name, word, icon, roles in _NAV if actor else ():
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        if actor and actor.has(*roles):
            here = request.path == url or (url != "/" and request.path.startswith(url))
            nav.append({"url": url, "word": word, "icon": icon, "here": here})
    return {"actor": actor, "nav": nav, "demo": settings.DEMO}
