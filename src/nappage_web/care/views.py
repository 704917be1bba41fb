"""Photographs, consent, signature, and the signed plan with its documents."""

from __future__ import annotations

import uuid
from typing import Any

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from nappage.injection_map import card
from nappage.outcomes import VIEWS
from nappage.plan import TreatmentPlan
from nappage.plan.compose import patient as patient_sheet
from nappage.plan.consent import Consent, copy, permission
from nappage.plan.page import html
from nappage.plan.pdf import pdf
from nappage.values import InputError

from ..clinic import audit
from ..clinic.access import CLINICAL, EVERYONE, Actor, acting, get, page, wants_page
from ..clinic.commands import Refused
from ..clinic.models import Role
from ..clinic.signin.commands import proven
from ..patients import documents
from ..patients.models import Attachment, Document, Patient
from ..planning import desk as desks
from ..planning.reading import edition_on
from ..planning.stages import frame, url_of
from . import commands, consents, photographs, signing
from .models import Photograph

# A page of ours from a file, in a box of its own: it may run its own script and reach nothing else.
_BOXED = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:"
)


# --- photographs ------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@page("draft.photographs", CLINICAL)
def baseline(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """The standard views of a draft: taken, missing, or left out with a reason. A picture is sent one at a time."""
    actor = acting(request)
    desk = desks.at(actor, draft)
    if request.method == "POST":
        return _taken(request, actor, desk)
    there = photographs.taken(actor, desk.draft)
    audit.looked(actor, "photographs.view", desk.draft, patient=desk.draft.patient_id)
    views = [
        {
            "id": view,
            "title": photographs.TITLES[view],
            "photo": there.get(view),
            "wanted": view in photographs.wanted(desk.draft),
        }
        for view in VIEWS
    ]
    context = {
        **frame(desk, "photographs"),
        "wanted": [v for v in views if v["wanted"] or v["photo"]],
        "others": [v for v in views if not (v["wanted"] or v["photo"])],
        "consent": consents.standing(actor, desk.draft.patient, "photographs"),
        "skipped": photographs.skipped(desk.draft),
        "missing": photographs.missing(actor, desk.draft),
    }  # fmt: skip
    return render(request, "care/photographs.html", context)


def _taken(request: HttpRequest, actor: Actor, desk: desks.Desk) -> HttpResponse:
    view, file = request.POST.get("view", ""), request.FILES.get("photograph")
    told: dict[str, Any]
    try:
        if view not in VIEWS:
            raise InputError("view", _("it is no standard view"), _("Choose one of the list"))
        if file is None:
            raise InputError("photograph", _("no picture was sent"), _("Take one, or choose a file"))
        if (file.size or 0) > commands.MOST_PHOTOGRAPH_BYTES:
            raise InputError("photograph", _("the file is larger than 25 MB"), _("Save it as JPEG"))
        kept, grade = commands.add_photograph(
            actor, desk.draft, view, file.read(), keep_because=request.POST.get("keep_because", "")
        )
    except InputError as error:
        told = {"error": error.sentence}
        return _photograph_answer(request, desk, told, 422)
    except Refused as refused:
        return _photograph_answer(request, desk, {"error": str(refused)}, 422)
    told = {
        "kept": kept is not None, "verdict": grade.verdict, "retake": list(grade.retake), "notes": list(grade.notes),
        "url": reverse("photograph", args=[kept.pk]) if kept else None,
    }  # fmt: skip
    return _photograph_answer(request, desk, told, 200 if kept else 422)


def _photograph_answer(request: HttpRequest, desk: desks.Desk, told: dict[str, Any], status: int) -> HttpResponse:
    if not wants_page(request):
        return JsonResponse(told, status=status)
    if status == 200:
        messages.success(request, _("The picture is kept."))
    else:
        messages.error(request, told.get("error") or " ".join(told["retake"]))
    return HttpResponseRedirect(reverse("draft-photographs", args=[desk.draft.pk]))


@require_GET
@cache_control(private=True, no_store=True)
@page("photograph.view", CLINICAL | {Role.AUDITOR})
def photograph(request: HttpRequest, photo: uuid.UUID) -> HttpResponse:
    """The picture itself, while its consent stands; each look is noted."""
    record = get(acting(request), Photograph, photo)
    if photographs.withdrawn(acting(request), record):
        raise Http404
    audit.looked(acting(request), "photograph.view", record, patient=record.patient_id)
    return HttpResponse(bytes(record.content), content_type=record.media_type)


@require_GET
@page("card.print", EVERYONE)
def marker_card(request: HttpRequest) -> HttpResponse:
    """The card to hold in the picture, to print at 100 %."""
    return HttpResponse(card.pdf(), content_type="application/pdf")


# --- consent ---------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@page("draft.consent", CLINICAL)
def treatment_consent(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """The text made from this very plan, to be read and signed on this screen."""
    actor = acting(request)
    desk = desks.at(actor, draft)
    audit.looked(actor, "draft.view", desk.draft, patient=desk.draft.patient_id)
    text = signing.consent_for(desk)
    patient = desk.draft.patient
    context: dict[str, Any] = {**frame(desk, "consent"), "text": text}
    if text is None:
        context |= {"why": signing.no_consent_yet(signing.plan_of(desk)), "frame": "planning/draft.html"}
        return render(request, "care/consent.html", context)
    standing = consents.standing(actor, patient, "treatment")
    context |= {
        "standing": standing, "same": standing is not None and standing.consent.plan == text.plan,
        "changed": consents.changed(standing.consent, text, desk.edition) if standing else None,
        "first_day": signing.first_day(standing, desk) if standing else None, "on": desk.on,
        "others": [(kind, consents.standing(actor, patient, kind)) for kind in consents.KINDS[1:]],
    }  # fmt: skip
    return _signed(request, actor, patient, text, context, reverse("draft-consent", args=[draft]))


@require_http_methods(["GET", "POST"])
@page("patient.permission", CLINICAL | {Role.FRONT_DESK})
def permit(request: HttpRequest, patient: uuid.UUID, kind: str) -> HttpResponse:
    """Consent to photographs, teaching or advertising: each by itself."""
    actor = acting(request)
    person = get(actor, Patient, patient)
    if kind not in consents.KINDS[1:]:
        raise Http404
    on = actor.here.today()
    language = person.language if person.language in consents.LANGUAGES else consents.LANGUAGES[0]
    text = permission(
        kind, edition_on(on), on, patient=person.name, language=language, practice=signing.practice_here(actor)
    )  # fmt: skip
    context = {
        "patient": person,
        "text": text,
        "standing": consents.standing(actor, person, kind),
        "same": True,
        "on": on,
    }
    way = request.GET.get("next", "")
    back = way if way.startswith("/") and not way.startswith("//") else reverse("patient-consents", args=[patient])
    return _signed(request, actor, person, text, context, back)


def _signed(
    request: HttpRequest, actor: Actor, patient: Patient, text: Consent, context: dict[str, Any], back: str
) -> HttpResponse:
    status = 200
    if request.method == "POST":
        sent = {
            "name": request.POST.get("name", ""), "agreed": request.POST.getlist("agreed"),
            "strokes": request.POST.get("strokes", ""), "identity": request.POST.get("identity", ""),
        }  # fmt: skip
        try:
            if request.POST.get("text") != text.text:
                raise Refused(_("The text changed while it was being read."), _("Read it again; it is short."))
            commands.give_consent(actor, patient, text, sent)
            messages.success(request, _("The consent is signed and kept."))
            return HttpResponseRedirect(back)
        except InputError as error:
            context |= {"error": error, "sent": sent}
        except Refused as refused:
            context |= {"refused": refused, "sent": sent}
        status = 422
    audit.looked(actor, "consent.read", patient, patient=patient.pk)
    frame_of = "planning/draft.html" if "draft" in context else "care/_frame.html"
    return render(
        request, "care/consent.html", {**context, "frame": frame_of, "identity": _identities()}, status=status
    )


def _identities() -> list[tuple[str, str]]:
    return [(one, str(word)) for one, word in consents.IDENTITY.items()]


@require_GET
@page("patient.consents", EVERYONE)
def all_consents(request: HttpRequest, patient: uuid.UUID) -> HttpResponse:
    actor = acting(request)
    person = get(actor, Patient, patient)
    audit.looked(actor, "consents.view", person, patient=person.pk)
    context = {"patient": person, "given": consents.given(actor, person), "kinds": consents.KINDS[1:]}
    return render(request, "care/consents.html", context)


@require_GET
@page("consent.view", EVERYONE)
def one_consent(request: HttpRequest, consent: uuid.UUID) -> HttpResponse:
    """What was signed, word for word, with the signature as it was drawn."""
    actor = acting(request)
    document = get(actor, Document, consent)
    if document.kind != Document.Kind.CONSENT:
        raise Http404
    audit.looked(actor, "consent.view", document, patient=document.patient_id)
    one = next(one for one in consents.given(actor, document.patient.kept()) if one.document.pk == document.pk)
    return render(
        request,
        "care/one_consent.html",
        {
            "one": one, "text": one.consent, "patient": document.patient.kept(),
            "identity": consents.IDENTITY.get((document.signature or {}).get("identity", ""), "—"),
        },
    )  # fmt: skip


@require_GET
@page("consent.copy", EVERYONE)
def consent_copy(request: HttpRequest, consent: uuid.UUID) -> HttpResponse:
    """What was signed, to print or to give: the frozen words, what was agreed to, the signature."""
    actor = acting(request)
    document = get(actor, Document, consent)
    if document.kind != Document.Kind.CONSENT:
        raise Http404
    audit.looked(actor, "consent.view", document, patient=document.patient_id)
    return boxed(HttpResponse(consents.printed(actor, document), content_type="application/pdf"), "consent.pdf")


@require_GET
@page("draft.consent_text", CLINICAL)
def consent_text(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """The text to take home and read before anything is signed."""
    desk = desks.at(acting(request), draft)
    text = signing.consent_for(desk)
    if text is None:
        return HttpResponseRedirect(reverse("draft-consent", args=[draft]))
    audit.looked(acting(request), "consent.read", desk.draft.patient, patient=desk.draft.patient_id)
    return boxed(HttpResponse(pdf(copy(text, desk.edition)), content_type="application/pdf"), "consent.pdf")


@require_POST
@page("consent.withdraw", EVERYONE - {Role.AUDITOR})
def withdraw(request: HttpRequest, consent: uuid.UUID) -> HttpResponse:
    actor = acting(request)
    document = get(actor, Document, consent)
    try:
        commands.withdraw_consent(actor, document, request.POST.get("reason", ""))
        messages.success(request, _("The consent is taken back. What was signed stays in the history."))
        if consents.text_of(document).kind == "treatment":
            messages.warning(request, _("Nothing more is injected. Cancel the sessions that stand in the diary."))
    except Refused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(reverse("patient-consents", args=[document.patient.kept().pk]))


# --- signature -------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@page("draft.sign", CLINICAL)
def sign(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """All that stands in the way, or the plan to sign; the prescriber proves again who signs."""
    actor = acting(request)
    desk = desks.at(actor, draft)
    if desk.draft.status == desk.draft.Status.DONE:
        signed = signing.plan_from(actor, desk.draft)
        if signed is not None:
            return HttpResponseRedirect(reverse("plan", args=[signed.pk]))
    audit.looked(actor, "draft.view", desk.draft, patient=desk.draft.patient_id)
    prepared = signing.prepare(desk)
    error = ""
    if request.method == "POST":
        here = request.signed_in  # type: ignore[attr-defined]
        if not proven(actor, here, request.POST.get("proof", "")):
            error = _("That is not your PIN or password. Nothing was signed.")
        elif request.POST.get("basis") != prepared.basis:
            error = _("Something changed while you were reading. Read it again, and sign what you read.")
        else:
            try:
                document = commands.sign_plan(actor, desk.draft, signing.print_out(prepared, desk.edition))
                messages.success(request, _("The plan is signed. Nothing changes it any more."))
                return HttpResponseRedirect(reverse("plan", args=[document.pk]))
            except Refused as refused:
                error = str(refused)
    before = desk.draft.based_on
    changed: tuple[tuple[str, str, str], ...] = ()
    if before is not None and prepared.plan is not None:
        changed = signing.differences(TreatmentPlan.model_validate_json(before.body), prepared.plan)
    context = {
        **frame(desk, "sign"), "prepared": prepared, "plan": prepared.plan,
        "ways": [(one, url_of(one.stage, desk.draft)) for one in prepared.obstacles],
        "error": error, "changed": changed, "before": before,
        "injector": signing.injector_of(actor, desk.draft), "injectors": signing.injectors(actor),
        "practice": signing.practice_of(actor, desk.draft),
    }  # fmt: skip
    return render(request, "care/sign.html", context, status=422 if error else 200)


@require_GET
@page("plan.view", EVERYONE)
def plan(request: HttpRequest, plan: uuid.UUID) -> HttpResponse:
    """A signed plan as it was signed, with its documents and its history."""
    actor = acting(request)
    document = _signed_plan(actor, plan)
    audit.looked(actor, "plan.view", document, patient=document.patient_id)
    signed = TreatmentPlan.model_validate_json(document.body)
    before = document.replaces
    changed = signing.differences(TreatmentPlan.model_validate_json(before.body), signed) if before else ()
    context = {
        "document": document, "plan": signed, "patient": document.patient.kept(), "changed": changed, "before": before,
        "after": document.replaced_by.first(), "files": document.attachments.defer("content").order_by("name"),
        "withdrawn": consents.taken_back(actor, document), "whole": documents.whole(document),
        "may_amend": actor.has(*CLINICAL),
    }  # fmt: skip
    return render(request, "care/plan.html", context)


@require_GET
@csp_exempt()
@cache_control(private=True, no_store=True)
@page("plan.file", EVERYONE)
def plan_file(request: HttpRequest, plan: uuid.UUID, name: str) -> HttpResponse:
    """A file kept with the signature, byte for byte."""
    actor = acting(request)
    document = _signed_plan(actor, plan)
    file = Attachment.objects.of(actor).filter(document=document, name=name).first()
    if file is None:
        raise Http404
    audit.looked(actor, "plan.file", file, patient=document.patient_id)
    return boxed(HttpResponse(bytes(file.content), content_type=file.media_type), name)


@require_GET
@csp_exempt()
@page("draft.sheet", CLINICAL)
def sheet(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """What the patient would get, as it is now: not signed, and it says so."""
    desk = desks.at(acting(request), draft)
    audit.looked(desk.actor, "draft.view", desk.draft, patient=desk.draft.patient_id)
    made = signing.plan_of(desk)
    if made is None:
        raise Http404
    page = patient_sheet(made, desk.edition)
    state = _("draft, not signed")
    page = page.model_copy(update={"title": f"{page.title} ({state})"})
    return boxed(HttpResponse(html(page)), "patient.html")


@require_POST
@page("plan.amend", CLINICAL)
def amend(request: HttpRequest, plan: uuid.UUID) -> HttpResponse:
    document = _signed_plan(acting(request), plan)
    try:
        draft = commands.amend_plan(acting(request), document)
        return HttpResponseRedirect(f"/drafts/{draft.pk}/")
    except Refused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(reverse("plan", args=[plan]))


@require_POST
@page("plan.mail", CLINICAL | {Role.FRONT_DESK})
def mail(request: HttpRequest, plan: uuid.UUID) -> HttpResponse:
    document = _signed_plan(acting(request), plan)
    try:
        commands.mail_plan(acting(request), document)
        messages.success(request, _("The sheet and the dates are on their way to the patient."))
    except Refused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(reverse("plan", args=[plan]))


@require_POST
@page("calendar.link", CLINICAL | {Role.FRONT_DESK})
def calendar(request: HttpRequest, patient: uuid.UUID) -> HttpResponse:
    """A new private address of the patient's dates; shown once."""
    actor = acting(request)
    person = get(actor, Patient, patient)
    secret = commands.calendar_link(actor, person)
    url = request.build_absolute_uri(f"/c/{secret}.ics")
    return render(request, "care/calendar.html", {"patient": person, "url": url})


def _signed_plan(actor: Actor, plan: uuid.UUID) -> Document:
    document = get(actor, Document, plan)
    if document.kind != Document.Kind.PLAN:
        raise Http404
    return document


def boxed(response: HttpResponse, name: str) -> HttpResponse:
    response["Content-Security-Policy"] = _BOXED
    if name.endswith((".pdf", ".ics")):
        del response["Content-Security-Policy"]
        response["Content-Disposition"] = f'inline; filename="{name}"'
    return response
