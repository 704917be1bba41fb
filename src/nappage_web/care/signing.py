"""From a draft to a signed plan: all that stands in the way, and all that is kept with it.

Reading and printing take seconds and happen before the signature's transaction. `Prepared.basis` names all that was
read; the page sends it back with the signature, and the command reads it again: what is signed is what was read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.forms.models import model_to_dict
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from nappage.intake import region_id, technique_id
from nappage.knowledge import Edition
from nappage.plan import Practice, Practitioner, TreatmentPlan, contents
from nappage.plan.consent import Consent, consent, cooling_off, fingerprint

from ..clinic.access import Actor
from ..clinic.models import Registration, Role, Staff
from ..clinic.registration import bars
from ..patients.models import Document, Draft, Patient
from ..planning.desk import Desk
from ..planning.reading import Obstacle, ready_to_sign
from . import consents, photographs

KEPT = {
    "plan.pdf": "application/pdf",
    "patient.pdf": "application/pdf",
    "map.html": "text/html; charset=utf-8",
    "course.ics": "text/calendar; charset=utf-8",
}

WHOLE = ("en",)  # languages in which every word of a plan's documents is there


@dataclass(frozen=True)
class Prepared:
    """A plan as it would be signed now by this actor. `basis`: the fingerprint of all it was read from."""

    plan: TreatmentPlan | None
    basis: str
    obstacles: tuple[Obstacle, ...]
    consent: consents.Given | None
    files: Mapping[str, bytes] = field(default_factory=dict)


def practice_of(actor: Actor, draft: Draft) -> Practice:
    """Who answers for the plan: who injects, chosen in the consultation, and who signs."""
    clinic, people = actor.here, []
    injector = injector_of(actor, draft)
    roles = [(injector, "injector")] if injector else []
    if actor.has(Role.PRESCRIBER) and actor.staff is not None:
        roles.append((actor.staff, "prescriber"))
    for staff, role in roles:
        entry = Registration.objects.of(actor).filter(staff=staff).first()
        if entry is not None:
            people.append(Practitioner.model_validate(
                {"name": str(staff), "role": role, "register_name": entry.register, "number": entry.number}
            ))  # fmt: skip
    return Practice(
        clinic=clinic.name, address=clinic.address, phone=clinic.phone, emergency_phone=clinic.emergency_phone,
        practitioners=tuple(people),
    )  # fmt: skip


def practice_here(actor: Actor) -> Practice:
    """The clinic with whoever asks; where they are in no register, with its prescribers, who answer for it."""
    entries = Registration.objects.of(actor).filter(staff__active=True).select_related("staff__user")
    own = entries.filter(staff=actor.staff)
    people = tuple(
        Practitioner(
            name=str(entry.staff), role="prescriber" if entry.prescriber else "injector", register_name=entry.register,
            number=entry.number,
        )
        for entry in own or entries.filter(prescriber=True)
    )  # fmt: skip
    clinic = actor.here
    return Practice(
        clinic=clinic.name, address=clinic.address, phone=clinic.phone, emergency_phone=clinic.emergency_phone,
        practitioners=people,
    )  # fmt: skip


def injectors(actor: Actor) -> list[Staff]:
    """Who may be chosen to inject."""
    staff = Staff.objects.of(actor).filter(active=True).select_related("user")
    return [one for one in staff if _injects(one)]


def _injects(one: Staff) -> bool:
    return bool({Role.INJECTOR.value, Role.PRESCRIBER.value} & set(one.roles))


def injector_of(actor: Actor, draft: Draft) -> Staff | None:
    """Who will inject: as chosen, else who injects by their role and worked on the draft last, else a prescriber who
    did, else the actor. None where that is nobody whose role allows it."""
    consultation = draft.body.get("consultation") or {}
    chosen = consultation.get("injector") if isinstance(consultation, dict) else None
    staff = Staff.objects.of(actor).filter(active=True)
    if chosen:
        try:
            one = staff.filter(pk=UUID(str(chosen))).first()
            return one if one is not None and _injects(one) else None
        except ValueError:
            return None
    worked = draft.edits.filter(author_kind="staff").order_by("-revision").values_list("author", flat=True)[:50]
    known = [*(staff.filter(pk=key).first() for key in dict.fromkeys(worked)), actor.staff]
    hands = [one for one in known if one is not None and _injects(one)]
    return next((one for one in hands if Role.INJECTOR.value in one.roles), hands[0] if hands else None)


def plan_of(desk: Desk, language: str = "") -> TreatmentPlan | None:
    """The plan as it stands, in the language of its documents or another one."""
    reading = desk.reading_in(language or language_of(desk.draft.patient))
    return reading.whole(reference=str(desk.draft.pk)[:8], practice=practice_of(desk.actor, desk.draft))


def language_of(patient: Patient) -> str:
    """What a plan's documents are written in: the patient's language where all of their words are translated."""
    return patient.language if patient.language in WHOLE else WHOLE[0]


def basis(desk: Desk) -> str:
    """The fingerprint of all that a plan is read from: the draft, the answers, the decisions, the clinic's prices and
    days, the knowledge and the day, the consents, and who injects and signs under which registration."""
    actor, draft = desk.actor, desk.draft
    answers, injector = desk.answers, injector_of(actor, draft)
    people = Registration.objects.of(actor).filter(staff__in=[one for one in (injector, actor.staff) if one])
    read = [
        str(draft.pk), draft.revision, draft.status, desk.said, str(answers.pk) if answers else None,
        sorted(desk.decisions), desk.closed, actor.here.prices, actor.here.cooling_off_days, actor.here.jurisdiction,
        desk.on.isoformat(), desk.edition.fingerprint, sorted(map(str, _consents(actor, draft))),
        practice_of(actor, draft).model_dump(mode="json"),
        sorted(json.dumps(model_to_dict(one), default=str, sort_keys=True) for one in people),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(read, default=str, sort_keys=True).encode()).hexdigest()


def _consents(actor: Actor, draft: Draft) -> list[UUID]:
    """The ids of every consent and withdrawal of the patient."""
    kinds = (Document.Kind.CONSENT, Document.Kind.WITHDRAWAL)
    rows = Document.objects.of(actor).filter(patient__in=draft.patient.kept().everyone(), kind__in=kinds)
    return list(rows.values_list("pk", flat=True))


def consent_for(desk: Desk) -> Consent | None:
    """The text this plan's patient consents to, read today. None while there is nothing to consent to:
    `no_consent_yet` says why."""
    plan = plan_of(desk)
    if plan is None or no_consent_yet(plan):
        return None
    decided = {row.rule: row.text for row in desk.decisions.values()}
    return consent(
        plan,
        desk.edition,
        desk.on,
        row=desk.reading.facts.row,
        own_days=desk.actor.here.cooling_off_days,
        decided=decided,
    )


def no_consent_yet(plan: TreatmentPlan | None) -> str:
    """Why nobody may be asked to consent to this: it cannot be, or its risks cannot be told yet; empty: they may."""
    if plan is not None and (plan.screening.deceased or plan.screening.verdict == "contraindicated"):
        return _("This treatment is contraindicated. There is nothing to consent to.")
    if plan is None or not (plan.order.mixture and plan.order.technique and plan.order.areas and plan.risks):
        return _("The text is made from the plan: choose what is injected, how, where and when.")
    return ""


def prepare(desk: Desk, *, printed: bool = False) -> Prepared:
    """The plan, and all that stands in the way of this actor's signature. `printed`: with its documents."""
    actor, draft = desk.actor, desk.draft
    read_from = basis(desk)
    plan = plan_of(desk)
    obstacles = [*_standing(draft), *ready_to_sign(desk.reading, plan, dose_decided=desk.dose_decided)]
    given = None
    if plan is not None and not plan.screening.deceased:
        given = _consent_in_force(actor, draft, plan, obstacles, desk)
        obstacles += _photographs(actor, draft)
        obstacles += _people(actor, draft, desk, plan)
    prepared = Prepared(plan, read_from, tuple(obstacles), given)
    return print_out(prepared, desk.edition) if printed else prepared


def print_out(prepared: Prepared, edition: Edition) -> Prepared:
    """With the plan's documents, where nothing stands in the way."""
    if prepared.plan is None or prepared.obstacles:
        return prepared
    files = {name: content for name, content in contents(prepared.plan, edition).items() if name in KEPT}
    return replace(prepared, files=files)


def _standing(draft: Draft) -> list[Obstacle]:
    """Whether the draft may still become a plan at all."""
    if draft.status == Draft.Status.DONE:
        return [Obstacle(_("This draft was signed already."), _("Amend the signed plan instead."), "sign")]
    if draft.status == Draft.Status.LEFT:
        return [Obstacle(_("This draft was given up."), _("Begin a new consultation."), "sign")]
    if draft.based_on is not None and draft.based_on.replaced_by.exists():
        return [Obstacle(
            _("The plan that this amends was replaced by a newer version."), _("Amend the newer version."), "sign",
        )]  # fmt: skip
    return []


def _consent_in_force(
    actor: Actor, draft: Draft, plan: TreatmentPlan, obstacles: list[Obstacle], desk: Desk
) -> consents.Given | None:
    """The consent to exactly this plan whose time to think is over. It is compared in the language it was read in."""
    if plan.screening.verdict == "contraindicated":
        return None
    given = consents.standing(actor, draft.patient, "treatment")
    if given is None:
        obstacles.append(
            Obstacle(_("The patient has not consented to this treatment."), _("Ask for consent."), "consent")
        )
        return None
    spoken = given.consent.language
    same = plan if spoken == plan.language else plan_of(desk, spoken)
    if same is None or given.consent.plan != fingerprint(same):
        obstacles.append(Obstacle(
            _("The plan was changed after the patient consented to it."),
            _("Show the patient what changed and ask for consent again."), "consent",
        ))  # fmt: skip
        return None
    first = first_day(given, desk)
    if desk.on < first:
        obstacles.append(Obstacle(
            _("The time to think runs until %(day)s.") % {"day": date_format(first)}, _("Sign from that day on."),
            "consent",
        ))  # fmt: skip
        return None
    return given


def first_day(given: consents.Given, desk: Desk) -> date:
    """The first day on which the plan may be signed: as the patient was told, or later where what is known of the
    patient, or the clinic itself, asks for longer by now."""
    pause = cooling_off(desk.reading.facts.row, desk.edition, desk.actor.here.cooling_off_days)
    days = timedelta(days=pause.days)
    return max(given.consent.sign_from or given.consent.asked_on, given.consent.asked_on + days)


def _photographs(actor: Actor, draft: Draft) -> list[Obstacle]:
    missing = photographs.missing(actor, draft)
    if not missing:
        return []
    views = ", ".join(str(photographs.TITLES[view]) for view in missing)
    return [Obstacle(
        _("Baseline photographs are missing: %(views)s.") % {"views": views},
        _("They cannot be taken afterwards. Take them, or write why they are left out."), "photographs",
    )]  # fmt: skip


def _people(actor: Actor, draft: Draft, desk: Desk, plan: TreatmentPlan) -> list[Obstacle]:
    """Whether the one who signs may, and whether the one who injects may; each within their own scope."""
    scope = (desk.on, *_scope(desk, plan), desk.edition)
    out = []
    own = Registration.objects.of(actor).filter(staff=actor.staff).first()
    if not actor.has(Role.PRESCRIBER):
        out.append(Obstacle(_("A plan is signed by a prescriber."), _("Ask one of yours; the draft waits."), "sign"))
    elif own is not None and not own.prescriber:
        out.append(Obstacle(
            _("Your registration does not say that you prescribe."), _("Ask the lead to enter it."), "sign",
        ))  # fmt: skip
    else:
        out += [Obstacle(bar.sentence, bar.way_out, "sign") for bar in bars(own, actor.name, *scope)]
    injector = injector_of(actor, draft)
    if injector is None:
        out.append(Obstacle(_("Nobody is named to inject."), _("Choose who will."), "sign"))
    elif injector != actor.staff or not actor.has(Role.PRESCRIBER):
        entry = Registration.objects.of(actor).filter(staff=injector).first()
        out += [
            Obstacle(bar.sentence, _("Choose somebody else to inject, or ask the lead."), "sign")
            for bar in bars(entry, str(injector), *scope)
        ]
    return out


def _scope(desk: Desk, plan: TreatmentPlan) -> tuple[list[str], list[str]]:
    """Technique and regions of a plan as ids. A word that is not known stays as it is, and so is in no scope."""
    order, edition = plan.order, desk.edition
    techniques = [technique_id(edition, order.technique) or order.technique] if order.technique else []
    areas = [region_id(edition, area) or area for area in order.areas or ()]
    painted = (
        [zone.site or zone.title for zone in plan.map.zones if zone.zone not in edition.regions] if plan.map else []
    )
    return techniques, [*areas, *painted]


def _plain(number: object) -> str:
    """1.0 and 1 are the same to a reader."""
    return f"{number.normalize():f}" if isinstance(number, Decimal) else str(number or "")


def differences(before: TreatmentPlan, now: TreatmentPlan) -> tuple[tuple[str, str, str], ...]:
    """(what, before, now) for an amendment, in plain words; empty: nothing that matters changed."""

    def row(plan: TreatmentPlan) -> dict[str, str]:
        order = plan.order
        mixture = ", ".join(
            " ".join(str(p) for p in (line.product or line.ingredient, line.concentration, line.unit,
                                      f"{line.volume_ml} mL" if line.volume_ml else None) if p)
            for line in order.mixture
        )  # fmt: skip
        sessions = plan.course.sessions if plan.course else ()
        return {
            _("Mixture"): mixture, _("Technique"): plan.placement.title or "",
            _("Areas"): ", ".join(plan.placement.areas),
            _("Points"): str(plan.placement.points or ""), _("Volume, mL"): _plain(plan.placement.volume_ml),
            _("Depth, mm"): _plain(plan.placement.depth_mm), _("Spacing, mm"): _plain(plan.placement.spacing_mm),
            _("Dates"): ", ".join(s.date.isoformat() for s in sessions),
            _("Findings"): ", ".join(f.title for f in plan.screening.findings),
            _("Verdict"): plan.screening.verdict,
        }  # fmt: skip

    old, new = row(before), row(now)
    return tuple((name, old[name], new[name]) for name in new if old[name] != new[name])


def plan_from(actor: Actor, draft: Draft) -> Document | None:
    """The plan that was signed from this draft."""
    return Document.objects.of(actor).filter(kind=Document.Kind.PLAN, signature__draft=str(draft.pk)).first()
