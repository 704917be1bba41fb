"""What an auditor needs first, on the page where everybody begins."""

from __future__ import annotations

import json
from typing import Any

from django import template

from ...clinic.access import Actor
from ...clinic.models import AuditEvent
from ..words import word

register = template.Library()
_REFUSED = 8


@register.inclusion_tag("reports/_auditor.html", takes_context=True)
def audit_today(context: Any, actor: Actor) -> dict[str, Any]:
    """How long the chain is, what its last walk from this clinic found and how much was added since, and what was
    refused of late. A chain that nobody walked is neither whole nor broken."""
    links = AuditEvent.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    here = str(actor.here.pk)
    walk = AuditEvent.objects.filter(subject=here, action="audit.verify", outcome="done").order_by("-seq").first()
    found = json.loads(walk.details) if walk else {}
    refused = AuditEvent.objects.filter(clinic=actor.here.pk, outcome="refused").order_by("-seq")[:_REFUSED]
    return {
        "links": links, "walk": walk, "fault": found.get("fault"), "since": links - walk.seq if walk else links,
        "refused": [{"event": one, "word": word(one.action), "path": json.loads(one.details).get("path", "")}
                    for one in refused],
        "zone": actor.here.zone(), "csrf_token": context.get("csrf_token"),
    }  # fmt: skip
