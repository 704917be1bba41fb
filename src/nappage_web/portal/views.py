"""What a patient opens by a link: the intake, one question at a time, and the calendar."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from nappage.interview import Question, ask, in_their_words, progress, question, recognised, suggest
from nappage.interview.documents import NameKind
from nappage.values import InputError

from ..clinic.access import open_page
from ..clinic.audit import looked
from ..clinic.commands import Refused
from ..patients import documents
from ..patients.models import Attachment, Document, Link
from . import commands
from .links import Opened, opened

_BY_LINK = "opened by a private address that only the patient was given; it ends, and shows one patient's own"
_CALENDAR = "text/calendar; charset=utf-8"
_CALENDAR_AGAIN = timedelta(days=1)  # a calendar asks every hour or so by itself
_EMPTY = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//nappage//nappage//EN\r\nEND:VCALENDAR\r\n"
_KINDS: tuple[NameKind, ...] = ("medications", "conditions", "allergies", "procedures")


# What the interview says of a reply, as the patient reads it: in their language, without a value in it.
_TOLD: tuple[tuple[str, Any], ...] = (
    ("nothing is ticked", gettext_lazy("Nothing is ticked. Tick what applies, or say that none does.")),
    (".* is none of the answers offered", gettext_lazy("Nothing is chosen. Choose one of the answers.")),
    ("“none of these” .*", gettext_lazy("“None of these” does not go with a ticked line. Take one of them away.")),
    ("the name is missing", gettext_lazy("Write the name too, or remove the line.")),
    (".* is not a date", gettext_lazy("This date is not complete. The year alone is fine, or month and year.")),
    (".* has not come yet", gettext_lazy("This date has not come yet. Write one in the past.")),
    (".* is over", gettext_lazy("This date is over. Write one that is still to come.")),
    (".* lies before the date of birth", gettext_lazy("This date lies before your birth. Check the year.")),
    (".* lies before .*", gettext_lazy("The end lies before the beginning. Check the two dates.")),
    ("it is longer than .*", gettext_lazy("This is too long. Write it shorter.")),
)


def _told(error: InputError) -> str:
    for pattern, words in _TOLD:
        if re.fullmatch(pattern, error.wrong):
            return str(words)
    return _("This could not be kept. Please check what you wrote.")


def _language(request: HttpRequest, found: Opened) -> str:
    """The one chosen in this browser, else the patient's."""
    if not request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME):
        translation.activate(found.link.patient.language or found.link.clinic.language)
    return (translation.get_language() or "en")[:2]


@never_cache
@require_http_methods(["GET", "POST"])
@open_page("portal.intake", _BY_LINK)
def intake(request: HttpRequest, secret: str) -> HttpResponse:
    """The question that is asked now, the one to change (`?q=`), or all answers to look over before they are sent."""
    found = opened(secret, Link.Purpose.INTAKE)
    if found is None:
        return render(request, "portal/closed.html", {"state": "unknown"}, status=404)
    language = _language(request, found)
    context: dict[str, Any] = {"clinic": found.link.clinic, "patient": found.link.patient, "secret": secret}
    if found.state == "done":
        return render(request, "portal/thanks.html", context)
    if found.state != "open":
        return render(request, "portal/closed.html", {**context, "state": found.state}, status=410)
    if found.link.opened is None:
        commands.note_opening(found.actor, found.link)
    looked(found.actor, "intake.view", found.link, patient=found.link.patient_id)
    if request.method == "POST":
        return _post(request, found, language, context)
    return _show(request, found, language, context, request.GET.get("q"))


def _post(request: HttpRequest, found: Opened, language: str, context: dict[str, Any]) -> HttpResponse:
    here = reverse("portal:intake", args=[context["secret"]])
    asked = request.POST.get("question", "")
    try:
        if "send" in request.POST:
            commands.hand_in(found.actor, found, language)
            return HttpResponseRedirect(here)
        now = question(found.replies, asked, found.edition, found.on, known=found.known, language=language)
        key = uuid.UUID(request.POST.get("key", ""))
        commands.save_reply(found.actor, found, asked, read_form(now, request.POST), key, language)
        return HttpResponseRedirect(f"{here}#rows" if "more" in request.POST else here)  # asked again: it has more
    except InputError as error:
        return _show(
            request, found, language, {**context, "error": _told(error), "sent": request.POST}, asked, status=422
        )
    except Refused as refused:
        return _show(request, found, language, {**context, "refused": refused}, None, status=422)
    except ValueError:
        return HttpResponseRedirect(here)


def _show(
    request: HttpRequest, found: Opened, language: str, context: dict[str, Any], wanted: str | None, status: int = 200
) -> HttpResponse:
    shared: dict[str, Any] = {"known": found.known, "language": language}
    context |= {"link": found.link, "key": uuid.uuid4(), "language": language}
    if any(one.question == "identity" and one.value == "no" for one in found.replies[:1]) and wanted != "identity":
        return render(request, "portal/not_you.html", context, status=status)
    try:
        now = question(found.replies, wanted, found.edition, found.on, **shared) if wanted else None
    except InputError:
        now = None
    now = now or ask(found.replies, found.edition, found.on, **shared)
    if now is None:
        told = in_their_words(found.replies, found.edition, found.on, **shared)
        return render(request, "portal/review.html", {**context, "told": told}, status=status)
    far = progress(found.replies, found.edition, found.on, known=found.known)
    before = _before(found, now)
    context |= {
        "question": now, "shown": shown(now, context.get("sent")),
        "asked": far.asked, "total": far.asked + far.remaining,
        "before": before, "entries": _entries(found, now, language),
    }  # fmt: skip
    return render(request, "portal/question.html", context, status=status)


def _before(found: Opened, now: Question) -> str | None:
    """The question answered before this one, to go back to."""
    ids = list(dict.fromkeys(one.question for one in found.replies))
    if now.id in ids:
        ids = ids[: ids.index(now.id)]
    return ids[-1] if ids else None


def _entries(found: Opened, now: Question, language: str) -> list[dict[str, Any]]:
    """What stands on this screen's list already, and what each was read as."""
    if now.rows is None or not isinstance(now.replied, dict):
        return []
    kind = now.rows.kind
    return [
        {"given": row, "read": recognised(kind, str(row.get("name", "")), found.edition, language)}
        for row in now.replied.get("entries") or ()
    ]


def read_form(now: Question, sent: Any) -> Any:
    """The reply that a form's fields mean. A box left empty says nothing by itself: only "none of these" does."""
    if "unsure_all" in sent:
        return "unsure"
    if now.kind in ("identity", "choice"):
        return sent.get("value", "")
    if now.kind == "details":
        given = {field.id: _field(field.kind, sent, field.id) for field in now.fields}
        return {name: value for name, value in given.items() if value not in (None, "")}
    value: dict[str, Any] = {
        "yes": [o.value for o in now.options if sent.get(f"item-{o.value}") == "yes"],
        "unsure": [o.value for o in now.options if sent.get(f"item-{o.value}") == "unsure"],
        "none": "none" in sent,
    }
    if now.rows is not None:
        rows = _rows(now, sent)  # beside them, "none of these" is said of the lines above
        value |= {"entries": rows, "more": "more" in sent, "none": "none" in sent and not rows}
    return value


def _rows(now: Question, sent: Any) -> list[dict[str, Any]]:
    out = []
    assert now.rows is not None
    for number in range(40):
        row = {
            f.id: v for f in now.rows.fields if (v := _field(f.kind, sent, f"row-{number}-{f.id}")) not in (None, "")
        }
        if row and f"drop-{number}" not in sent:  # details without a name are told, not dropped
            out.append(row)
    return out


def _field(kind: str, sent: Any, name: str) -> Any:
    """One field. A date may be a day, a month or a year, from one box or from three; a day alone is no date, and is
    told rather than dropped."""
    value = str(sent.get(name, "")).strip()
    if kind == "yes-no":
        return {"yes": True, "no": False}.get(value)
    if kind in ("past-date", "coming-date") and not value:
        year, month, day = (str(sent.get(f"{name}-{part}", "")).strip() for part in ("year", "month", "day"))
        if (day and not month) or (month and not year):
            return "?"
        if year:
            parts = [year.zfill(4), *([month.zfill(2)] if month else []), *([day.zfill(2)] if month and day else [])]
            return "-".join(parts)
    return value


def shown(now: Question, sent: Any) -> dict[str, Any]:
    """What each field holds: as it was just sent, else as it counts now."""
    if sent is not None:
        return {name: sent.get(name) for name in sent}
    replied = now.replied
    if now.kind in ("identity", "choice"):
        return {"value": replied}
    if not isinstance(replied, dict):
        return {}
    if now.kind == "details":
        return {k: {True: "yes", False: "no"}.get(v, v) if isinstance(v, bool) else v for k, v in replied.items()}
    out: dict[str, Any] = {f"item-{one}": "yes" for one in replied.get("yes") or ()}
    out |= {f"item-{one}": "unsure" for one in replied.get("unsure") or ()}
    if replied.get("none"):
        out["none"] = True
    return out


@never_cache
@require_GET
@open_page("portal.suggest", _BY_LINK)
def suggestions(request: HttpRequest, secret: str) -> JsonResponse:
    """Names that begin as the typed words do."""
    found = opened(secret, Link.Purpose.INTAKE)
    kind = request.GET.get("kind", "")
    if found is None or found.state != "open" or kind not in _KINDS:
        return JsonResponse([], safe=False, status=404 if found is None else 200)
    language = _language(request, found)
    return JsonResponse(list(suggest(kind, request.GET.get("q", "")[:80], found.edition, language)), safe=False)


@never_cache
@require_GET
@open_page("portal.read", _BY_LINK)
def read_as(request: HttpRequest, secret: str) -> JsonResponse:
    """What some words would be read as, in words."""
    found = opened(secret, Link.Purpose.INTAKE)
    kind = request.GET.get("kind", "")
    if found is None or found.state != "open" or kind not in _KINDS:
        return JsonResponse([], safe=False, status=404 if found is None else 200)
    language = _language(request, found)
    read = recognised(kind, request.GET.get("q", "")[:200], found.edition, language)
    return JsonResponse([{"words": words_of(one), "state": one.state} for one in read], safe=False)


def words_of(one: Any) -> str:
    what = f", {one.what}" if one.what else ""
    if one.state == "unread":
        return _("We do not know “%(text)s”. It is kept as you wrote it; we will ask you about it.") % {
            "text": one.text
        }
    if one.state == "confirm":
        return _("Do you mean %(name)s%(what)s?") % {"name": one.name, "what": what}
    return _("We read this as: %(name)s%(what)s") % {"name": one.name, "what": what}


@never_cache
@require_GET
@open_page(
    "portal.calendar", "a feed that the patient's own calendar reads, by a private address; its titles are neutral"
)
def calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """The dates of the newest signed plan. A feed that has ended is empty, so that old dates go away."""
    found = opened(secret, Link.Purpose.CALENDAR)
    if found is None:
        return HttpResponse(status=404)
    if found.state != "open":
        return HttpResponse(_EMPTY, content_type=_CALENDAR, status=410)
    looked(found.actor, "calendar.view", found.link, patient=found.link.patient_id, again=_CALENDAR_AGAIN)
    newest = documents.latest(found.actor, found.link.patient, Document.Kind.PLAN)
    file = Attachment.objects.of(found.actor).filter(document=newest, name="course.ics").first() if newest else None
    if file is None:
        return HttpResponse(_EMPTY, content_type=_CALENDAR)
    return HttpResponse(bytes(file.content), content_type=_CALENDAR)
