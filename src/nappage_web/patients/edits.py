"""The autosave endpoint of a plan's draft."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from nappage.values import InputError

from ..clinic.access import CLINICAL, acting, get, page
from . import commands, drafts
from .models import Draft

MOST_BYTES = 400_000


@require_POST
@page("draft.edit", CLINICAL)
def save_edit(request: HttpRequest, draft: uuid.UUID) -> JsonResponse:
    """One edit as JSON: 200 acknowledged, 409 set aside because of another's, 413/422 not an edit."""
    actor = acting(request)
    record = get(actor, Draft, draft)
    if record.kind != Draft.Kind.PLAN:  # what a patient answers is written by the patient
        raise Http404
    try:
        data = sent_json(request)
        if len(request.body) > MOST_BYTES:
            return _wrong(413, InputError("edit", "it is too large", "Save it in parts"))
        key, base, path, value = drafts.read_edit(data)
        done = commands.edit_draft(actor, record, key, base, path, value)
    except InputError as error:
        return _wrong(422, error)
    except ValueError:
        return _wrong(422, InputError("edit", "it is not JSON", "Send a JSON object"))
    return acknowledged(done)


def sent_json(request: HttpRequest) -> Any:
    """The JSON that was sent. Raises ValueError where there is none, as in a form."""
    if request.content_type != "application/json":
        raise ValueError("no JSON was sent")
    try:
        return json.loads(request.body)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def acknowledged(done: drafts.Acknowledged) -> JsonResponse:
    if done.conflict is None:
        return JsonResponse({"revision": done.revision, "id": str(done.id)})
    c = done.conflict
    told = {"path": c.path, "yours": c.yours, "theirs": c.theirs, "by": c.by, "at": c.at.isoformat()}
    return JsonResponse({"revision": done.revision, "id": str(done.id), "conflict": told}, status=409)


def _wrong(status: int, error: InputError) -> JsonResponse:
    told = {"place": error.place, "wrong": error.wrong, "remedy": error.remedy}
    return JsonResponse({"error": told}, status=status)
