"""From a draft to a signed plan: all that stands in the way, and all that is kept with it.

Reading and printing take seconds and happen before the signature's transaction; the command then holds that nothing
changed in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from nappage.intake import region_id, technique_id
from nappage.plan import Practice, Practitioner, TreatmentPlan, contents
from nappage.plan.consent import Consent, consent, fingerprint
from nappage.values import InputError

from ..clinic.access import Actor
from ..clinic.models import Registration, Role, Staff
from ..clinic.registration import may_sign
from ..patients.models import Document, Draft
from ..planning.desk import Desk
from ..planning.reading import Obstacle, ready_to_sign
from . import consents, photographs

KEPT = {
    "plan.pdf": "application/pdf",
    "patient.pdf": "application/pdf",
    "map.html": "text/html; charset=utf-8",
    "course.ics": "text/calendar; charset=utf-8",
}


@dataclass(frozen=True)
class Prepared:
    """A plan as it would be signed now by this actor. `revision` and `answers`: what it was read from."""

    plan: TreatmentPlan | None
    revision: int
    answers: UUID | None
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


def injectors(actor: Actor) -> list[Staff]:
    """Who may be chosen to inject."""
    staff = Staff.objects.of(actor).filter(active=True).select_related("user")
    return [one for one in staff if {Role.INJECTOR.value, Role.PRESCRIBER.value} & set(one.roles)]


def injector_of(actor: Actor, draft: Draft) -> Staff | None:
    """Who will inject: as chosen, else who injects by their role and worked on the draft last, else the actor."""
    consultation = draft.body.get("consultation") or {}
    chosen = consultation.get("injector") if isinstance(consultation, dict) else None
    staff = Staff.objects.of(actor).filter(active=True)
    if chosen:
        try:
            return staff.filter(pk=UUID(str(chosen))).first()
        except ValueError:
            return None
    worked = draft.edits.filter(author_kind="staff").order_by("-revision").values_list("author", flat=True)[:50]
    hands = [one for key in dict.fromkeys(worked) if (one := staff.filter(pk=key).first())]
    hands += [actor.staff] if actor.staff else []
    return next((one for one in hands if Role.INJECTOR.value in one.roles), hands[0] if hands else None)


def plan_of(desk: Desk) -> TreatmentPlan | None:
    return desk.reading.whole(reference=str(desk.draft.pk)[:8], practice=practice_of(desk.actor, desk.draft))


def consent_for(desk: Desk) -> Consent | None:
    """The text this plan's patient consents to, read today."""
    plan = plan_of(desk)
    if plan is None:
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


def prepare(desk: Desk, *, printed: bool = False) -> Prepared:
    """The plan, and all that stands in the way of this actor's signature. `printed`: with its documents."""
    actor, draft = desk.actor, desk.draft
    revision, answers = draft.revision, desk.answers.pk if desk.answers else None
    plan = plan_of(desk)
    obstacles = list(ready_to_sign(desk.reading, plan, dose_decided=desk.dose_decided))
    given = None
    if plan is not None:
        given = _consent_in_force(actor, draft, plan, obstacles, desk)
        obstacles += _photographs(actor, draft)
        obstacles += _people(actor, draft, desk, plan)
    files: Mapping[str, bytes] = {}
    if printed and plan is not None and not obstacles:
        files = {name: content for name, content in contents(plan, desk.edition).items() if name in KEPT}
    return Prepared(plan, revision, answers, tuple(obstacles), given, files)


def _consent_in_force(
    actor: Actor, draft: Draft, plan: TreatmentPlan, obstacles: list[Obstacle], desk: Desk
) -> consents.Given | None:
    given = consents.standing(actor, draft.patient, "treatment")
    if given is None:
        obstacles.append(
            Obstacle(_("The patient has not consented to this treatment."), _("Ask for consent."), "consent")
        )
    elif given.consent.plan != fingerprint(plan):
        obstacles.append(Obstacle(
            _("The plan was changed after the patient consented to it."),
            _("Show the patient what changed and ask for consent again."), "consent",
        ))  # fmt: skip
    elif not consents.cooled_off(given, desk.on):
        day = given.consent.sign_from
        obstacles.append(Obstacle(
            _("The time to think runs until %(day)s.") % {"day": day}, _("Sign from that day on."), "consent",
        ))  # fmt: skip
    else:
        return given
    return None


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
    """Whether the one who signs may, and whether the one who injects may."""
    edition, order = desk.edition, plan.order
    try:
        techniques = [technique_id(edition, order.technique)] if order.technique else []
        areas = [region_id(edition, area) for area in order.areas]
    except InputError:
        techniques, areas = [], []
    techniques, areas = [t for t in techniques if t], [a for a in areas if a]
    out = []
    own = Registration.objects.of(actor).filter(staff=actor.staff).first()
    if not actor.has(Role.PRESCRIBER):
        out.append(Obstacle(_("A plan is signed by a prescriber."), _("Ask one of yours; the draft waits."), "sign"))
    elif own is None or not own.prescriber:
        out.append(Obstacle(
            _("Your registration does not say that you prescribe."), _("Ask the lead to enter it."), "sign",
        ))  # fmt: skip
    else:
        out += [Obstacle(said, "", "sign") for said in may_sign(own, desk.on, (), (), edition)]
    injector = injector_of(actor, draft)
    if injector is None:
        out.append(Obstacle(_("Nobody is named to inject."), _("Choose who will."), "sign"))
    else:
        entry = Registration.objects.of(actor).filter(staff=injector).first()
        stands = may_sign(entry, desk.on, techniques, areas, edition)
        if stands:
            out.append(Obstacle(
                _("%(name)s may not give this treatment: %(why)s") % {"name": injector, "why": " ".join(stands)},
                _("Choose somebody else to inject, or ask the lead."), "sign",
            ))  # fmt: skip
    return out


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


def latest_plan(actor: Actor, draft: Draft) -> Document | None:
    """The newest signed plan of this patient."""
    rows = Document.objects.of(actor).filter(patient__in=draft.patient.everyone(), kind=Document.Kind.PLAN)
    return rows.order_by("-version").first()
