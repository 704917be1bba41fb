"""How often prescribers go on against a finding: by rule, reason and person, beside the plans that held it."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from nappage.knowledge import Edition, load
from nappage.plan import TreatmentPlan

from ..clinic.access import Actor, page
from ..patients.models import Document, Draft
from ..planning.desk import DOSE, Desk
from ..planning.models import Override
from ..planning.reading import dose_hash, finding_hash, may_be_decided
from ..planning.words import REASONS
from .commands import READERS

DAYS = 90
MOST_DRAFTS = 30  # each is screened anew for this page


@dataclass
class Tally:
    """One rule in a period. `accepted` and `withdrawn`: decisions made then; `signed`: plans signed then that held a
    finding of it on which a prescriber may decide; `signed_decided`: those of them signed on such a decision;
    `open`: open drafts that hold one today."""

    rule: str
    title: str
    accepted: int = 0
    withdrawn: int = 0
    signed: int = 0
    signed_decided: int = 0
    open: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)

    @property
    def by_reason(self) -> list[tuple[str, int]]:
        return [(str(REASONS.get(code, code)), n) for code, n in self.reasons.most_common()]

    @property
    def by_person(self) -> list[tuple[str, int]]:
        return self.people.most_common()


@dataclass(frozen=True)
class Report:
    rules: list[Tally]
    plans: int  # signed in the period
    drafts: int  # open ones that were read
    drafts_left: int  # open ones that were not

    @property
    def accepted(self) -> int:
        return sum(one.accepted for one in self.rules)

    @property
    def withdrawn(self) -> int:
        return sum(one.withdrawn for one in self.rules)

    @property
    def by_reason(self) -> list[tuple[str, int]]:
        return [(str(REASONS.get(code, code)), n) for code, n in self._whole("reasons")]

    @property
    def by_person(self) -> list[tuple[str, int]]:
        return self._whole("people")

    def _whole(self, what: str) -> list[tuple[str, int]]:
        return sum((getattr(one, what) for one in self.rules), Counter[str]()).most_common()


def count(actor: Actor, first: date, last: date) -> Report:
    """The decisions of a period, both days included, and the plans and drafts they stand beside."""
    zone = actor.here.zone()
    span = (datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone))
    within = {"created__gte": span[0], "created__lt": span[1]}
    edition = load(actor.here.today())
    tallies: dict[str, Tally] = {}

    def of(rule: str) -> Tally:
        return tallies.setdefault(rule, Tally(rule, _title(edition, rule)))

    for row in Override.objects.of(actor).filter(**within).select_related("by__user"):
        one = of(row.rule)
        if row.decision == "accepted":
            one.accepted += 1
            one.reasons[row.code] += 1
            one.people[str(row.by)] += 1
        else:
            one.withdrawn += 1
    signed = Document.objects.of(actor).filter(kind=Document.Kind.PLAN, signature__isnull=False, **within)
    standing = _standing(actor, signed)
    plans = 0
    for document in signed.iterator(chunk_size=50):  # each holds a whole plan
        plans += 1
        decided = standing.get((document.signature or {}).get("draft"), set())
        for rule, hashes in _of_plan(TreatmentPlan.model_validate_json(document.body)).items():
            of(rule).signed += 1
            of(rule).signed_decided += bool(hashes & decided)
    drafts = Draft.objects.of(actor).filter(kind=Draft.Kind.PLAN, status=Draft.Status.OPEN)
    read = list(drafts.select_related("patient").order_by("-updated")[:MOST_DRAFTS])
    for draft in read:
        for rule in _of_plan(Desk(actor, draft).reading):
            of(rule).open += 1
    rules = sorted(tallies.values(), key=lambda one: (-one.accepted, -one.signed, -one.open, one.title))
    return Report(rules, plans, len(read), drafts.count() - len(read))


def _standing(actor: Actor, signed: QuerySet[Document]) -> dict[str | None, set[str]]:
    """Of each draft that was signed, by its id, the hashes of what a prescriber had accepted, decisions taken back left
    out."""
    drafts = [uuid.UUID(one["draft"]) for one in signed.values_list("signature", flat=True) if one and "draft" in one]
    last = {}
    for row in Override.objects.of(actor).filter(draft__in=drafts).order_by("created"):
        last[str(row.draft_id), row.finding] = row.decision
    out: dict[str | None, set[str]] = {}
    for (draft, finding), decision in last.items():
        if decision == "accepted":
            out.setdefault(draft, set()).add(finding)
    return out


def _of_plan(plan: Any) -> dict[str, set[str]]:
    """The hashes of what a prescriber may decide on, by rule, in a plan or in the reading of a draft."""
    out: dict[str, set[str]] = {}
    for one in plan.screening.findings:
        if may_be_decided(one):
            out.setdefault(one.rule, set()).add(finding_hash(one))
    if plan.formulation is not None and plan.formulation.verdict == "needs-clinician-decision":
        out[DOSE] = {dose_hash(plan.formulation)}
    return out


def _title(edition: Edition, rule: str) -> str:
    if rule == DOSE:
        return _("A mixture that a prescriber decides on")
    record = edition.rules.get(rule)
    return rule if record is None else edition.text(record.title, (get_language() or "en")[:2]).removeprefix("[en] ")


def _day(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return otherwise


@require_GET
@page("reports.overrides", READERS)
def report(request: HttpRequest) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    today = actor.here.today()
    last = _day(request.GET.get("last", ""), today)
    first = _day(request.GET.get("first", ""), last - timedelta(days=DAYS))
    wrong = _("The first day is after the last one.") if first > last else ""
    counted = None if wrong else count(actor, first, last)
    context = {"report": counted, "first": first, "last": last, "today": today, "wrong": wrong, "most": MOST_DRAFTS}
    with timezone.override(actor.here.zone()):
        return render(request, "reports/overrides.html", context, status=422 if wrong else 200)
