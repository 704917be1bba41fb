"""What the diary tells on pages of others."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from ...clinic.access import Actor
from ...clinic.models import Staff
from ..models import Appointment

register = template.Library()
_SHOWN = 20


@register.inclusion_tag("planning/_visits_of.html")
def visits_of(actor: Actor, staff: Staff) -> dict[str, Any]:
    """The visits that are booked with somebody from now on, each with the way to move it."""
    rows = Appointment.objects.of(actor).filter(staff=staff, status=Appointment.Status.BOOKED)
    rows = rows.filter(starts__gte=timezone.now()).select_related("patient", "room").order_by("starts")
    shown, count = list(rows[:_SHOWN]), rows.count()
    return {"visits": shown, "count": count, "more": count - len(shown), "staff": staff}
