"""What the clinic's own rooms tell on pages of others."""

from __future__ import annotations

from typing import Any

from django import template

from .. import pages
from ..access import Actor
from ..models import Role

register = template.Library()


@register.inclusion_tag("clinic/_ending.html")
def registrations_ending(actor: Actor) -> dict[str, Any]:
    """For the lead: whose registration or insurance is missing, has ended, or ends within `pages.WARN_DAYS`."""
    rows = []
    if actor.has(Role.LEAD):
        for one in pages.people(actor):
            dates = [d for d in pages.dates_of(one, actor.here.today()) if d.state != "go"] if one.active else []
            if dates:
                rows.append({"staff": one, "dates": dates})
    return {"rows": rows}


@register.inclusion_tag("clinic/_switch.html", takes_context=True)
def other_clinics(context: Any, actor: Actor) -> dict[str, Any]:
    """The way to the other clinics of the same person, where there are any."""
    return {"elsewhere": pages.elsewhere(actor), "csrf_token": context.get("csrf_token")}
