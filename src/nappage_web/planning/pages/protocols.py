"""The clinic's own protocols: saved from a draft, listed with their versions, retired."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from nappage.intake import region_id

from ...clinic.access import CLINICAL, acting, get, page
from ...clinic.models import Role
from .. import commands, desk, places, stages, starting
from .. import reading as readings
from ..diary import tried
from ..models import ClinicProtocol
from .formulation import technique_named


@require_POST
@page("plan.save_protocol", CLINICAL)
def save_protocol(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    at = stages.desk_of(request, draft)
    tried(
        request,
        lambda: commands.save_protocol(at.actor, at.draft, name=request.POST.get("name", "")),
        _("Saved as a protocol of this clinic."),
    )
    return redirect("plan-review", draft)


@require_GET
@page("plan.protocols", CLINICAL)
def protocols(request: HttpRequest) -> HttpResponse:
    """The clinic's own protocols with their versions."""
    actor = acting(request)
    edition = readings.edition_on(actor.here.today())
    rows = ClinicProtocol.objects.of(actor).order_by("name", "-version")
    language = (get_language() or "en")[:2]

    def changes(older: ClinicProtocol, row: ClinicProtocol) -> list[tuple[str, str, str]]:
        return places.differences_in_words(starting.differences(older.body, row.body), edition, language)

    def titles(row: ClinicProtocol) -> dict[str, str]:
        order = row.body.get("order") or {}
        technique = edition.techniques.get(technique_named(edition, order.get("technique")) or "")
        areas = [edition.regions.get(region_id(edition, area) or "") or area for area in order.get("areas") or ()]
        named = [area if isinstance(area, str) else edition.text(area.title, language) for area in areas]
        return {"technique": edition.text(technique.title, language) if technique else "", "areas": ", ".join(named)}

    groups: dict[str, list[ClinicProtocol]] = {}
    for row in rows:
        groups.setdefault(row.name, []).append(row)
    shown = [
        {
            "newest": versions[0],
            "versions": [
                {"row": row, "changes": changes(older, row) if older else (), **titles(row)}
                for row, older in zip(versions, [*versions[1:], None], strict=True)
            ],
            "same_edition": versions[0].edition == edition.fingerprint,
        }
        for versions in groups.values()
    ]
    context = {"protocols": shown, "heading": _("The clinic's own protocols"), "lead": actor.has(Role.LEAD)}
    return desk.shown(request, "planning/protocols.html", context)


@require_POST
@page("plan.retire_protocol", {Role.LEAD})
def retire(request: HttpRequest, protocol: uuid.UUID) -> HttpResponse:
    actor = acting(request)
    row = get(actor, ClinicProtocol, protocol)
    tried(request, lambda: commands.retire_protocol(actor, row), _("The protocol is retired."))
    return redirect("plan-protocols")
