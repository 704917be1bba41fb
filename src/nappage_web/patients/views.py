"""Patients: found, entered, merged; one patient's page, answers and timeline; a record from another system."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

import segno
from django.contrib import messages
from django.core import signing
from django.core.mail import EmailMessage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from nappage.fhir import parse_bundle, to_answers
from nappage.intake import Answers
from nappage.interview import Reply, Said, in_their_words
from nappage.knowledge import Edition, load
from nappage.values import InputError

from ..clinic.access import CLINICAL, EVERYONE, Actor, acting, get, page
from ..clinic.audit import looked
from ..clinic.commands import Refused
from ..clinic.models import AuditEvent, Role
from . import answers as read
from . import commands, search, timeline
from .forms import PatientForm
from .models import Document, Draft, Link, Merge, Patient

_DESK = CLINICAL | {Role.FRONT_DESK}
MOST_BUNDLE_BYTES = 20 * 2**20
_PER_PAGE = 60
_OPEN_DAYS = (3, 14, 30)  # how long an intake link may be open
_SHOWN_SECONDS = 3600  # between reading a record and keeping it


def _edition(on: date) -> Edition:
    return load(on)


def _language() -> str:
    return (get_language() or "en")[:2]


# --- finding and entering ---------------------------------------------------------------------------------------


@require_GET
@page("patients.list", EVERYONE)
def patients(request: HttpRequest) -> HttpResponse:
    """All who match what is typed, or the newest; as a part of the page where a script asks."""
    actor, text = acting(request), request.GET.get("q", "").strip()
    found = search.find(actor, text) if text else list(search.newest(actor))
    context = {"found": found, "text": text, "may_enter": actor.has(*_DESK), "today": actor.here.today()}
    part = request.headers.get("HX-Request") and request.headers.get("HX-Target") == "found"
    return render(request, "patients/_found.html" if part else "patients/list.html", context)


@require_http_methods(["GET", "POST"])
@page("patient.new", _DESK)
def new(request: HttpRequest) -> HttpResponse:
    """A new patient; who may be the same person is shown before anything is kept."""
    actor = acting(request)
    form = PatientForm(
        request.POST or None, initial={"name": request.GET.get("name", ""), "language": actor.here.language}
    )
    alike = _alike(actor, request.POST or request.GET)
    if request.method == "POST" and form.is_valid() and (not alike or "all-the-same" in request.POST):
        try:
            patient = commands.create_patient(actor, **form.cleaned_data)
            return HttpResponseRedirect(reverse("patient", args=[patient.pk]))
        except InputError as error:
            form.add_error(error.place if error.place in form.fields else None, error.sentence)
    context = {"form": form, "alike": alike, "asked": request.method == "POST"}
    return render(request, "patients/new.html", context, status=422 if request.method == "POST" else 200)


@require_GET
@page("patient.alike", _DESK)
def alike(request: HttpRequest) -> HttpResponse:
    """Who may be the one being entered, while it is typed."""
    return render(request, "patients/_alike.html", {"alike": _alike(acting(request), request.GET)})


def _alike(actor: Actor, typed: Any) -> list[search.Alike]:
    try:
        born = date.fromisoformat(typed.get("birth_date", ""))
    except ValueError:
        born = None
    return search.alike(
        actor, name=typed.get("name", ""), birth_date=born, phone=typed.get("phone", ""), email=typed.get("email", "")
    )


# --- one patient ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Next:
    """The next thing to do with a patient, as one large button."""

    word: str
    url: str
    post: bool = False


def _newest(actor: Actor, everyone: list[Patient], kind: Document.Kind) -> Document | None:
    return Document.objects.of(actor).filter(patient__in=everyone, kind=kind).order_by("-created").first()


def _next(
    actor: Actor, patient: Patient, open_drafts: list[Draft], told: Document | None, plans: list[Document]
) -> Next | None:
    """The next thing to do, by what there is: open drafts, answers, signed plans (the newest first)."""
    of_kind = {draft.kind: draft for draft in open_drafts}
    intake, plan = of_kind.get(Draft.Kind.INTAKE), of_kind.get(Draft.Kind.PLAN)
    here = [patient.pk]
    clinical = actor.has(*CLINICAL)
    if plan is not None and clinical:
        return Next(_("Go on with the draft"), f"/drafts/{plan.pk}/")
    if told is None:
        if intake is not None and intake.links.filter(revoked=None, expires__gt=timezone.now()).exists():
            return Next(_("The intake is under way"), reverse("patient-intake", args=here))
        return Next(_("Send the intake link"), reverse("patient-intake", args=here)) if actor.has(*_DESK) else None
    if plans:
        return Next(_("Open the signed plan"), f"/plans/{plans[0].pk}/")
    return Next(_("Begin the consultation"), reverse("patient-consult", args=here), True) if clinical else None


@require_GET
@page("patient.view", EVERYONE)
def patient(request: HttpRequest, patient: uuid.UUID) -> HttpResponse:
    actor = acting(request)
    person = get(actor, Patient, patient)
    if person.merged_into_id is not None:
        return HttpResponseRedirect(reverse("patient", args=[person.kept().pk]))
    looked(actor, "patient.view", person, patient=person.pk)
    on, everyone = actor.here.today(), person.everyone()
    told = _newest(actor, everyone, Document.Kind.ANSWERS)
    signed = Document.objects.of(actor).filter(patient__in=everyone, kind=Document.Kind.PLAN)
    plans = list(signed.order_by("-created").defer("body"))
    drafts = list(Draft.objects.of(actor).filter(patient__in=everyone).order_by("-updated"))
    open_drafts = [draft for draft in drafts if draft.status == Draft.Status.OPEN]
    plan = next((draft for draft in open_drafts if draft.kind == Draft.Kind.PLAN), None)
    screening = unread = None
    if told is not None and actor.has(*CLINICAL, Role.AUDITOR):
        order = plan.body.get("order") if plan else None
        try:
            _facts, screening = read.screened(read.of_document(told.body), order, _edition(on), on, _language())
        except InputError as error:  # answers of another edition: never taken for clear
            unread = error
    context = {
        "patient": person, "age": person.age_on(on), "told": told, "plan": plan,
        "screening": screening, "unread": unread,
        "next": _next(actor, person, open_drafts, told, plans), "clinical": actor.has(*CLINICAL),
        "plans": plans, "drafts": [draft for draft in drafts if draft.kind == Draft.Kind.PLAN][:6],
        "appointments": person.every("appointments").order_by("-starts")[:6],
        "merges": Merge.objects.of(actor).filter(patient=person, undone=None),
        "alike": search.alike(actor, name=person.name, birth_date=person.birth_date, phone=person.phone,
                                              email=person.email, but=person) if actor.has(*_DESK) else [],
        "lead": actor.has(Role.LEAD), "may_change": actor.has(*_DESK),
    }  # fmt: skip
    return render(request, "patients/patient.html", context)


@require_http_methods(["GET", "POST"])
@page("patient.edit", _DESK)
def edit(request: HttpRequest, patient: uuid.UUID) -> HttpResponse:
    actor = acting(request)
    person = get(actor, Patient, patient).kept()
    looked(actor, "patient.view", person, patient=person.pk)
    form = PatientForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        try:
            commands.change_patient(actor, get(actor, Patient, person.pk), **form.cleaned_data)
            messages.success(request, _("Kept. What it was before stands in the timeline."))
            return HttpResponseRedirect(reverse("patient", args=[person.pk]))
        except InputError as error:
            form.add_error(error.place if error.place in form.fields else None, error.sentence)
    status = 422 if request.method == "POST" else 200
    return render(request, "patients/edit.html", {"form": form, "patient": person}, status=status)


@require_POST
@page("patient.consult", CLINICAL)
def consult(request: HttpRequest, patient: uuid.UUID) -> HttpResponse:
    """Opens the patient's draft, or a new one."""
    draft = commands.open_draft(acting(request), get(acting(request), Patient, patient).kept())
    return HttpResponseRedirect(f"/drafts/{draft.pk}/")


@require_http_methods(["GET", "POST"])
@page("patient.intake", _DESK)
def intake(request: HttpRequest, patient: uuid.UUID) -> HttpResponse:
    """Makes the patient's private address; it is shown once, as words, as a code to scan, and goes by mail."""
    actor = acting(request)
    person = get(actor, Patient, patient).kept()
    looked(actor, "patient.view", person, patient=person.pk)
    draft = Draft.objects.of(actor).filter(patient=person, kind=Draft.Kind.INTAKE).order_by("-created").first()
    context: dict[str, Any] = {"patient": person, "draft": draft, "days": _OPEN_DAYS}
    if "revoke" in request.POST:
        commands.revoke_link(actor, get(actor, Link, request.POST["revoke"]))
        messages.success(request, _("The address opens nothing more. What was answered is kept."))
        return HttpResponseRedirect(reverse("patient-intake", args=[person.pk]))
    if request.method == "POST":
        days = next((n for n in _OPEN_DAYS if str(n) == request.POST.get("days")), 14)
        link, secret = commands.send_intake_link(actor, person, days=days)
        url = request.build_absolute_uri(reverse("portal:intake", args=[secret]))
        code = segno.make(url, error="m").svg_inline(border=2, dark="#10242a", light="#fff", omitsize=True)
        mailed = "mail" in request.POST and _mail(person, url)
        context |= {"url": url, "code": mark_safe(code), "link": link, "mailed": mailed}
        context["not_mailed"] = "mail" in request.POST and not mailed
    context["links"] = (
        Link.objects.of(actor)
        .filter(patient__in=person.everyone(), purpose=Link.Purpose.INTAKE)
        .select_related("draft")
        .order_by("-created")[:5]
    )
    context["now"] = timezone.now()
    return render(request, "patients/intake.html", context)


def _mail(patient: Patient, url: str) -> bool:
    """The address by mail, in the patient's language. False where it could not be sent."""
    if not patient.email:
        return False
    with override(patient.language):
        letter = EmailMessage(
            subject=_("Before your visit to %(clinic)s") % {"clinic": patient.clinic.name},
            body=_("Please answer a few questions before your visit:\n\n%(url)s\n\nThe address is yours alone.")
            % {"url": url},
            to=[patient.email],
        )
    try:
        return bool(letter.send())
    except OSError:
        return False


@require_http_methods(["GET", "POST"])
@page("patient.merge", _DESK)
def merge(request: HttpRequest, patient: uuid.UUID) -> HttpResponse:
    """Two rows side by side: which one stays, and which is right where they differ."""
    actor = acting(request)
    one = get(actor, Patient, patient)
    other = get(actor, Patient, request.GET.get("with") or request.POST.get("with"))
    for person in (one, other):
        looked(actor, "patient.view", person, patient=person.pk)
    error = None
    if request.method == "POST":
        keep, gone = (one, other) if request.POST.get("keep") == str(one.pk) else (other, one)
        take = {key for key in commands.OWN if request.POST.get(f"own-{key}") == str(gone.pk)}
        try:
            commands.merge(actor, keep, gone, request.POST.get("reason", ""), take=take)
            messages.success(request, _("They are one patient now. The history of both is kept."))
            return HttpResponseRedirect(reverse("patient", args=[keep.pk]))
        except InputError as wrong:
            error = wrong.sentence
        except Refused as refused:
            error = str(refused)
    context = {
        "pair": (one, other), "other": other, "error": error, "patient": one,
        "differing": _differing(one, other, request.POST), "chosen": request.POST.dict(),
    }  # fmt: skip
    return render(request, "patients/merge.html", context, status=422 if error else 200)


@dataclass(frozen=True)
class Differing:
    """What two rows of one person say differently. `sides`: whose it is, what it says; `chosen`: whose was chosen, or
    whose says anything at all."""

    key: str
    label: str
    sides: tuple[tuple[str, str], ...]
    chosen: str


def _differing(one: Patient, other: Patient, sent: Any) -> list[Differing]:
    out = []
    for key, field in PatientForm.base_fields.items():
        values = [getattr(each, key) for each in (one, other)]
        if values[0] != values[1]:
            words = dict(getattr(field, "choices", ()))
            sides = tuple(
                (str(each.pk), date_format(value) if isinstance(value, date) else str(words.get(value, value)))
                for each, value in zip((one, other), values, strict=True)
            )
            chosen = sent.get(f"own-{key}") or str((one if values[0] else other).pk)
            out.append(Differing(key, str(field.label), sides, chosen))
    return out


@require_POST
@page("patient.unmerge", {Role.LEAD})
def unmerge(request: HttpRequest, merge: uuid.UUID) -> HttpResponse:
    merged = get(acting(request), Merge, merge)
    try:
        commands.unmerge(acting(request), merged)
        messages.success(request, _("They are two patients again."))
    except Refused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(reverse("patient", args=[merged.patient_id]))


# --- answers -------------------------------------------------------------------------------------------------


@require_GET
@page("answers.view", CLINICAL | {Role.AUDITOR})
def answers(request: HttpRequest, patient: uuid.UUID) -> HttpResponse:
    """The answers in the patient's words, what they were read as, what is unknown, and what changed."""
    actor = acting(request)
    person = get(actor, Patient, patient).kept()
    versions = list(
        Document.objects.of(actor)
        .filter(patient__in=person.everyone(), kind=Document.Kind.ANSWERS)
        .order_by("-created")
    )
    looked(actor, "answers.view", person, patient=person.pk)
    context: dict[str, Any] = {"patient": person, "versions": versions, "clinical": actor.has(*CLINICAL)}
    if versions:
        chosen = next((one for one in versions if str(one.pk) == request.GET.get("version")), versions[0])
        told, on = read.of_document(chosen.body), actor.here.today()
        edition = _edition(on)
        try:
            facts, screening = read.screened(told, None, edition, on, _language())
            context |= {"open": screening.open_questions, "contradictions": facts.contradictions}
        except InputError as error:
            context["unread"] = error
        at = versions.index(chosen)
        before = read.of_document(versions[at + 1].body) if at + 1 < len(versions) else None
        context |= {
            "chosen": chosen, "sections": read.sections(told, edition),
            "changes": read.changes(before, told) if before else (), "newest": chosen is versions[0],
            "taken_back": _taken_back(actor, chosen, person),
        }  # fmt: skip
    return render(request, "patients/answers.html", context)


def _taken_back(actor: Actor, sent: Document, person: Patient) -> list[Said]:
    """What the patient had answered on the way to these answers, and does not any more."""
    if sent.author_kind != "patient":
        return []
    drafts = Draft.objects.of(actor).filter(patient=sent.patient, kind=Draft.Kind.INTAKE, status=Draft.Status.DONE)
    intake = drafts.filter(updated__gte=sent.created).order_by("updated").first()
    if intake is None:
        return []
    on = sent.created.astimezone(actor.here.zone()).date()
    replies = [Reply.model_validate(one) for one in intake.body.get("replies") or ()]
    known = read.with_identity(Answers(), person)
    told = in_their_words(replies, _edition(on), on, known=known, language=_language())
    return [one for one in told if one.taken_back]


@require_http_methods(["GET", "POST"])
@page("answers.edit", CLINICAL)
def edit_answers(request: HttpRequest, patient: uuid.UUID, topic: str) -> HttpResponse:
    """One topic, said anew by a clinician, with the reason."""
    actor = acting(request)
    person = get(actor, Patient, patient).kept()
    each = read.topic(topic)
    if each is None:
        raise Http404
    looked(actor, "answers.view", person, patient=person.pk)
    newest = _newest(actor, person.everyone(), Document.Kind.ANSWERS)
    told = shown = read.of_document(newest.body) if newest else read.with_identity(Answers(), person)
    error, seen = None, str(newest.pk) if newest else ""
    if request.method == "POST":
        seen = request.POST.get("seen", "")
        if newest is not None and seen != str(newest.pk):
            shown = _seen(actor, person, seen)
        try:
            if read.rows_of(each, shown) != read.rows_of(each, told):  # a line that this page never showed
                raise commands.newer_answers()
            made = read.with_topic(told, each, read.read_form(each, request.POST, read.rows_of(each, told)))
            edition = _edition(actor.here.today())
            read.screened(made, None, edition, actor.here.today(), "en")  # what cannot be read is told now
            commands.edit_answers(
                actor, person, made, request.POST.get("reason", ""), edition.fingerprint,
                over=newest.pk if newest else None,
            )  # fmt: skip
            messages.success(request, _("Kept as a new version. The patient's own answers stay."))
            return HttpResponseRedirect(reverse("patient-answers", args=[person.pk]))
        except InputError as wrong:
            error = wrong
    context = {"patient": person, "topic": each, "error": error, "rows": _rows(each, shown, request),
               "sent": request.POST, "seen": seen, "stale": shown is not told,
               "asked": _asked(each, shown, request)}  # fmt: skip
    return render(request, "patients/edit_answers.html", context, status=422 if error else 200)


def _seen(actor: Actor, person: Patient, seen: str) -> Answers:
    """The version of the answers that a page showed; none at all where it showed none."""
    versions = Document.objects.of(actor).filter(kind=Document.Kind.ANSWERS, patient__in=person.everyone())
    try:
        found = versions.filter(pk=uuid.UUID(seen)).first()
    except ValueError:
        found = None
    return read.of_document(found.body) if found else read.with_identity(Answers(), person)


def _asked(each: read.Topic, told: Answers, request: HttpRequest) -> bool:
    if request.method == "POST":
        return request.POST.get("state") != "not-asked"
    return read.rows_of(each, told) is not None or told.history_complete


def _rows(
    each: read.Topic, told: Answers, request: HttpRequest
) -> list[tuple[list[tuple[read.Field, str, Any]], bool]]:
    """Each row as (field, name of its box, value), two empty ones at the end; of single answers one row. Beside it
    whether it may stay shut: an empty row after others."""
    given = read.rows_of(each, told)
    if not each.rows:
        return [([(f, f.key, _box(request, f.key, (given or {}).get(f.key))) for f in each.fields], False)]
    rows = [
        [(f, f"{n}-{f.key}", _box(request, f"{n}-{f.key}", row.get(f.key))) for f in each.fields]
        for n, row in enumerate([*(given or ()), {}, {}])
    ]
    return [(row, n > 0 and not any(value for _field, _name, value in row)) for n, row in enumerate(rows)]


def _box(request: HttpRequest, name: str, kept: Any) -> Any:
    value = request.POST.get(name) if request.method == "POST" else kept
    if isinstance(value, bool):
        return str(value).lower()
    return "\n".join(map(str, value)) if isinstance(value, list) else "" if value is None else value


@require_GET
@page("timeline.view", EVERYONE)
def history(request: HttpRequest, patient: uuid.UUID) -> HttpResponse:
    """Who did and who looked at what, newest first."""
    actor = acting(request)
    person = get(actor, Patient, patient).kept()
    looked(actor, "timeline.view", person, patient=person.pk)
    of_them = AuditEvent.objects.filter(patient__in=[one.pk for one in person.everyone()], clinic=actor.here.pk)
    asked = timeline.Asked.of(request.GET)
    events = asked.among(of_them, actor.here.zone())
    before = request.GET.get("before", "")
    if before.isdecimal():
        events = events.filter(seq__lt=min(int(before[:20]), 2**62))
    rows = list(events.order_by("-seq")[: _PER_PAGE + 1])
    more = rows[_PER_PAGE - 1].seq if len(rows) > _PER_PAGE else None
    context = {
        "patient": person,
        "lines": timeline.lines(rows[:_PER_PAGE]),
        "more": more,
        "asked": asked,
        **timeline.choices(of_them),
    }
    return render(request, "patients/timeline.html", context)


# --- a record from another system ---------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@page("record.import", _DESK)
def import_record(request: HttpRequest) -> HttpResponse:
    """A FHIR R4 bundle: what was read of it is shown before it is kept."""
    actor = acting(request)
    context: dict[str, Any] = {"most": MOST_BUNDLE_BYTES // 2**20}
    wanted = request.GET.get("patient") or request.POST.get("patient")
    person = get(actor, Patient, wanted).kept() if wanted else None
    context["patient"] = person
    if request.method == "POST":
        try:
            if "keep" in request.POST:
                told, digest = _shown_before(actor, request.POST["keep"])
                if person is None:
                    person = _from_record(actor, told)
                commands.import_record(actor, person, told, _edition(actor.here.today()).fingerprint, digest)
                messages.success(request, _("The record is kept. What it leaves out is not denied by it."))
                return HttpResponseRedirect(reverse("patient", args=[person.pk]))
            data = _bundle(request)
            told = to_answers(parse_bundle("bundle", data))
            context |= {"told": told, "sections": read.sections(Answers(record=told), _edition(actor.here.today()))}
            context["keep"] = _to_be_kept(actor, told, hashlib.sha256(data).hexdigest())
            context["differs"] = _differs(person, told) if person else ()
            context["alike"] = _alike_record(actor, told) if person is None else []
        except InputError as error:
            context["error"] = f"{error.place}: {error.wrong}. {error.remedy}."
        except RecursionError:
            context["error"] = _("The bundle is nested too deep. Export it again.")
    status = 422 if context.get("error") else 200
    return render(request, "patients/import.html", context, status=status)


def _bundle(request: HttpRequest) -> bytes:
    file = request.FILES.get("bundle")
    if file is None:
        text = request.POST.get("text", "")
        if not text:
            raise InputError("bundle", _("no file was sent"), _("Choose a FHIR R4 bundle in JSON"))
        return text.encode()
    if (file.size or 0) > MOST_BUNDLE_BYTES:
        raise InputError(file.name or "bundle", _("the file is larger than 20 MB"), _("Export one patient alone"))
    return bytes(file.read())


def _to_be_kept(actor: Actor, told: Answers, digest: str) -> str:
    """What was read of a bundle, sealed, to come back with the decision to keep it: a bundle is larger than a form
    may be, and what is kept is what was shown."""
    sealed = (told.model_dump_json(exclude_unset=True), digest)
    return signing.dumps(sealed, salt=f"record:{actor.id}", compress=True)


def _shown_before(actor: Actor, sealed: str) -> tuple[Answers, str]:
    try:
        text, digest = signing.loads(sealed, salt=f"record:{actor.id}", max_age=_SHOWN_SECONDS)
    except signing.BadSignature:
        raise InputError("bundle", _("it was read too long ago"), _("Choose the file again")) from None
    return Answers.model_validate_json(text), digest


def _differs(person: Patient, told: Answers) -> tuple[str, ...]:
    out = []
    name, born = told.patient.name, told.patient.birth_date
    if name and not search.similar(name, person.name):
        out.append(_("The record is of %(name)s.") % {"name": name})
    if born and born != person.birth_date:
        out.append(_("The record's birth date is %(day)s.") % {"day": date_format(born)})
    return tuple(out)


def _alike_record(actor: Actor, told: Answers) -> list[search.Alike]:
    return search.alike(actor, name=told.patient.name or "", birth_date=told.patient.birth_date)


def _from_record(actor: Actor, told: Answers) -> Patient:
    if not told.patient.name or not told.patient.birth_date:
        wrong = _("it names no patient with a birth date")
        raise InputError("bundle", wrong, _("Enter the patient, then import it there"))
    sex = told.patient.sex if told.patient.sex in ("female", "male", "other") else ""
    return commands.create_patient(actor, name=told.patient.name, birth_date=told.patient.birth_date, sex=sex)
