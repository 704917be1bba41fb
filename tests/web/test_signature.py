"""Every refusal of a signature: the situation, its sentence, its way out. What is signed is what was read."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from tests.documents.printed import printed

from nappage.intake import Answers
from nappage.plan.consent import permission
from nappage_web.care import commands, consents, signing
from nappage_web.clinic.commands import Refused
from nappage_web.clinic.models import Registration, Role
from nappage_web.patients import commands as patients
from nappage_web.patients import documents
from nappage_web.patients.models import Attachment, Document, Draft
from nappage_web.planning import commands as planning
from nappage_web.planning import desk as desks
from nappage_web.planning import reading as readings

from .test_care import STROKES, ready, sign
from .world import PASSWORD, Place, World

pytestmark = pytest.mark.django_db

CONSENT_CHANGED = (
    "The plan was changed after the patient consented to it.",
    "Show the patient what changed and ask for consent again.",
)
NO_CONSENT = ("The patient has not consented to this treatment.", "Ask for consent.")
RENEW, ENTER = "Ask the lead to enter its renewal.", "Ask the lead to enter it."
TRAIN = "Choose a colleague who is, or ask the lead to enter the training."
OTHER = "Choose somebody else to inject, or ask the lead."
PRESCRIBER, INJECTOR = "Prescriber of Skin Clinic", "Injector of Skin Clinic"


def edit(place: Place, draft: Draft, path: str, value: Any) -> None:
    draft.refresh_from_db()
    patients.edit_draft(place.actor(Role.INJECTOR), draft, uuid.uuid4(), draft.revision, path, value)


def answered(place: Place, draft: Draft, **change: Any) -> None:
    actor = place.actor(Role.INJECTOR)
    newest = documents.latest(actor, draft.patient, Document.Kind.ANSWERS)
    said = {**json.loads(newest.body), **change}
    patients.edit_answers(actor, draft.patient, Answers.model_validate(said), "test", "e")


def entry(place: Place, role: Role, **change: Any) -> None:
    rows = Registration._base_manager.filter(staff=place.staff[role])
    rows.update(**{k: place.clinic.today() + timedelta(v) if type(v) is int else v for k, v in change.items()})


def status(place: Place, draft: Draft, value: str) -> None:
    Draft._base_manager.filter(pk=draft.pk).update(status=value)


def taken_back(place: Place, draft: Draft) -> None:
    one = consents.standing(place.actor(Role.FRONT_DESK), draft.patient, "treatment")
    commands.withdraw_consent(place.actor(Role.FRONT_DESK), one.document, "")


def own_days(place: Place, days: int) -> None:
    place.clinic.cooling_off_days = days
    place.clinic.save()


def first_proposed(place: Place, draft: Draft, stopped_days_ago: int) -> None:
    """The days are proposed before what is found allows the first."""
    start = desks.at(place.actor(Role.INJECTOR), draft.pk).reading.start
    stopped = place.clinic.today() - timedelta(days=stopped_days_ago)
    edit(place, draft, "answers.medications", [{"name": "isotretinoin", "stopped": stopped.isoformat()}])
    edit(place, draft, "schedule.proposed", [(start + timedelta(weeks=4 * n)).isoformat() for n in range(3)])


@dataclass(frozen=True)
class Cell:
    """What stands in the way, its sentence (its beginning) and its way out (its beginning)."""

    name: str
    sentence: str
    way_out: str
    edits: Mapping[str, Any] = field(default_factory=dict)
    then: Callable[[Place, Draft], object] | None = None
    consented_days_ago: int | None = 2
    role: Role = Role.PRESCRIBER


MIXTURE = [{"product": "NCTF 135 HA", "volume_ml": "3"}]
LIDOCAINE = [*MIXTURE, {"ingredient": "lidocaine", "concentration": "2", "unit": "%", "volume_ml": "60"}]

CELLS = (
    # --- the screening
    Cell("contraindicated", "Contraindicated: Pregnancy, known or possible", "Do not treat.",
         {"answers.patient.pregnancy": "yes"}),
    Cell("a minor", "Contraindicated: Under 18 years", "Do not treat, and do not book.",
         then=lambda p, d: patients.change_patient(
             p.actor(Role.FRONT_DESK), d.patient, birth_date=p.clinic.today() - timedelta(days=16 * 365))),
    Cell("deferred, no date yet", "Not yet: Fever or feeling unwell", "Choose a later date, when the patient is well",
         {"answers.context.unwell": True}),
    Cell("deferred past the first session", "Not yet: Oral isotretinoin, now or in the last six months", "Start on ",
         then=lambda p, d: first_proposed(p, d, 30)),
    Cell("a prescriber decides", "A prescriber must decide: Warfarin or another vitamin K antagonist",
         "A prescriber decides beside the finding, with a reason.", {"answers.medications": [{"name": "warfarin"}]}),
    Cell("incomplete", "1 question(s) are open that could change the verdict. First: Are you unwell in any way today",
         "Answer them beside the screening.", {"answers.context.unwell": "unknown"}),
    Cell("answers older than 14 days", "7 question(s) are open that could change the verdict. First: Last answered on",
         "Answer them beside the screening.", then=lambda p, d: answered(
             p, d, answered_on=(p.clinic.today() - timedelta(days=15)).isoformat())),
    # --- the mixture and the map
    Cell("no ceiling known", "No ceiling is known for Amino acids", "Accept what has no known ceiling, with a reason",
         {"order.accepted_without_ceiling": None}),
    Cell("over a ceiling", "Over the limit: Lidocaine.", "Reduce the amount, or split it over sessions.",
         {"order.mixture": LIDOCAINE}),
    Cell("no mixture", "The order holds no mixture.", "Enter what is missing in the mixture.", {"order.mixture": None}),
    Cell("the map's volume is not the syringe's",
         "The volumes ordered for 96 points need 2.88 mL, and the mixture holds 3 mL.", "Settle it on the map.",
         {"order.volume_per_point_ml": "0.03"}),
    Cell("an area that is not known", "the area 'nowhere' is not one this edition knows", "Enter it.",
         {"order.areas": ["nowhere"]}),
    Cell("something typed", "Something typed cannot be read: ", "Correct it where it was typed.",
         {"order.spacing_mm": "ten"}),
    # --- the dates
    Cell("no dates", "No dates: the day of the first session was not given.", "Choose a protocol and a first day.",
         {"order.planned_start": None}),
    Cell("a first session gone by", "The first session lies in the past.", "Choose a later day.",
         {"order.planned_start": "2020-01-06T10:00 Europe/Paris"}),
    # --- the consent
    Cell("no consent", *NO_CONSENT, consented_days_ago=None),
    Cell("consent taken back", *NO_CONSENT, then=taken_back),
    Cell("consent to an older plan", *CONSENT_CHANGED, {"order.spacing_mm": "12"}),
    Cell("consent to another product", *CONSENT_CHANGED, {"order.mixture": [{**MIXTURE[0], "volume_ml": "2"}]}),
    Cell("consent before a new finding", *CONSENT_CHANGED, {"answers.medications": [{"name": "warfarin"}]}),
    Cell("time to think", "The time to think runs until ", "Sign from that day on.", consented_days_ago=0),
    Cell("the clinic's own, longer time", "The time to think runs until ", "Sign from that day on.",
         then=lambda p, d: own_days(p, 14)),
    # --- the photographs
    Cell("photographs", "Baseline photographs are missing: front, right oblique, left oblique, right profile, left",
         "They cannot be taken afterwards. Take them, or write why they are left out.",
         {"consultation.photographs_skipped": None}),
    Cell("photographs left out without a word", "Baseline photographs are missing: ", "They cannot be taken",
         {"consultation.photographs_skipped": " "}),
    # --- who signs
    Cell("an injector", "A plan is signed by a prescriber.", "Ask one of yours; the draft waits.", role=Role.INJECTOR),
    Cell("no prescriber by the register", "Your registration does not say that you prescribe.", ENTER,
         then=lambda p, d: entry(p, Role.PRESCRIBER, prescriber=False)),
    Cell("no register entry", f"No register entry of {PRESCRIBER} stands here.", ENTER,
         then=lambda p, d: Registration._base_manager.filter(staff=p.staff[Role.PRESCRIBER]).delete()),
    Cell("no number", f"The register entry of {PRESCRIBER} has no number.", ENTER,
         then=lambda p, d: entry(p, Role.PRESCRIBER, number="")),
    Cell("registration ended", f"The registration of {PRESCRIBER} ended on ", RENEW,
         then=lambda p, d: entry(p, Role.PRESCRIBER, expires=-1)),
    Cell("indemnity ended", f"The indemnity insurance of {PRESCRIBER} ended on ", RENEW,
         then=lambda p, d: entry(p, Role.PRESCRIBER, indemnity_expires=-1)),
    Cell("no indemnity", f"No indemnity insurance of {PRESCRIBER} is entered.", ENTER,
         then=lambda p, d: entry(p, Role.PRESCRIBER, indemnity_expires=None)),
    Cell("technique", f"{PRESCRIBER} is not entered as trained for: Papule (intradermal wheal).", TRAIN,
         then=lambda p, d: entry(p, Role.PRESCRIBER, techniques=["nappage"])),
    Cell("area", f"{PRESCRIBER} is not entered as trained for: Crow’s feet, Jawline.", TRAIN,
         then=lambda p, d: entry(p, Role.PRESCRIBER, areas=["cheek"])),
    # --- who injects
    Cell("injector: registration ended", f"The registration of {INJECTOR} ended on ", OTHER,
         then=lambda p, d: entry(p, Role.INJECTOR, expires=-1)),
    Cell("injector: indemnity ended", f"The indemnity insurance of {INJECTOR} ended on ", OTHER,
         then=lambda p, d: entry(p, Role.INJECTOR, indemnity_expires=-1)),
    Cell("injector: technique", f"{INJECTOR} is not entered as trained for: Papule (intradermal wheal).", OTHER,
         then=lambda p, d: entry(p, Role.INJECTOR, techniques=[])),
    Cell("injector: area", f"{INJECTOR} is not entered as trained for: Cheek, Crow’s feet, Jawline.", OTHER,
         then=lambda p, d: entry(p, Role.INJECTOR, areas=["scalp"])),
    Cell("injector: nobody", "Nobody is named to inject.", "Choose who will.",
         {"consultation.injector": "00000000-0000-4000-8000-000000000000"}),
    # --- the draft itself
    Cell("given up", "This draft was given up.", "Begin a new consultation.", then=lambda p, d: status(p, d, "left")),
    Cell("signed already", "This draft was signed already.", "Amend the signed plan instead.",
         then=lambda p, d: status(p, d, "done")),
)  # fmt: skip


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_each_refusal_has_its_sentence_and_its_way_out(clinics: World, cell: Cell) -> None:
    place = clinics.here
    draft = ready(place, consented_days_ago=cell.consented_days_ago)
    for path, value in cell.edits.items():
        edit(place, draft, path, value)
    if cell.then is not None:
        cell.then(place, draft)
    desk = desks.at(place.actor(cell.role), draft.pk)
    prepared = signing.prepare(desk, printed=True)
    told = [(one.sentence, one.way_out) for one in prepared.obstacles]
    assert any(s.startswith(cell.sentence) and w.startswith(cell.way_out) for s, w in told), told
    assert all(sentence.strip() and way_out.strip() for sentence, way_out in told), told
    assert not prepared.files, "nothing is printed for a plan that may not be signed"
    if cell.role is Role.PRESCRIBER:
        with pytest.raises(Refused):
            commands.sign_plan(place.actor(Role.PRESCRIBER), desk.draft, prepared)
    client = place.client(cell.role)
    client.post(f"/drafts/{draft.pk}/sign/", {"proof": PASSWORD, "basis": prepared.basis})
    assert not Document._base_manager.filter(kind="plan").exists()
    page = client.get(f"/drafts/{draft.pk}/sign/").content.decode()
    assert 'name="proof"' not in page and cell.sentence.split("'")[0].split("’")[0] in page


def test_where_nothing_stands_in_the_way_it_is_signed(clinics: World) -> None:
    """Else the table above would prove nothing."""
    draft = ready(clinics.here)
    desk = desks.at(clinics.here.actor(Role.PRESCRIBER), draft.pk)
    assert signing.prepare(desk).obstacles == ()
    assert sign(clinics.here, draft).kind == "plan"


def test_nobody_is_asked_to_consent_to_what_must_not_be_done_or_is_not_there(clinics: World) -> None:
    draft, place = ready(clinics.here, consented_days_ago=None), clinics.here
    client = place.client(Role.INJECTOR)
    edit(place, draft, "answers.patient.pregnancy", "yes")
    page = client.get(f"/drafts/{draft.pk}/consent/").content.decode()
    assert "There is nothing to consent to." in page and "data-pad" not in page
    assert "Ask for consent" not in client.get(f"/drafts/{draft.pk}/sign/").content.decode()
    edit(place, draft, "answers.patient.pregnancy", "no")
    for path in ("order.mixture", "order.technique", "order.areas"):
        draft.refresh_from_db()
        whole = draft.body["order"][path.split(".")[1]]
        edit(place, draft, path, None)
        page = client.get(f"/drafts/{draft.pk}/consent/").content.decode()
        assert "data-pad" not in page and "choose what is injected" in page, path
        edit(place, draft, path, whole)
    assert "data-pad" in client.get(f"/drafts/{draft.pk}/consent/").content.decode()


# --- what is signed is what was read ------------------------------------------------------------------------------


def _decided(place: Place, draft: Draft) -> None:
    draft.refresh_from_db()
    desk = desks.at(place.actor(Role.PRESCRIBER), draft.pk)
    finding = next(f for f in desk.reading.screening.findings if readings.may_be_decided(f))
    planning.decide_finding(
        place.actor(Role.PRESCRIBER), draft, rule=finding.rule, finding=readings.finding_hash(finding),
        code="benefit", text="test",
    )  # fmt: skip


def _edition(place: Place, _draft: Draft, patch: pytest.MonkeyPatch) -> None:
    other = copy.copy(readings.edition_on(place.clinic.today()))
    object.__setattr__(other, "fingerprint", "another")
    patch.setattr(readings, "edition_on", lambda on: other)


def _next_day(place: Place, _draft: Draft, patch: pytest.MonkeyPatch) -> None:
    later = place.clinic.today() + timedelta(days=1)
    patch.setattr(type(place.clinic), "today", lambda self: later)


def _prices(place: Place, _draft: Draft, _patch: pytest.MonkeyPatch) -> None:
    place.clinic.prices = {"currency": "EUR", "session": "150"}
    place.clinic.save()


MEANWHILE: dict[str, Callable[[Place, Draft, pytest.MonkeyPatch], object]] = {
    "the draft": lambda p, d, m: edit(p, d, "order.spacing_mm", "12"),
    "a note in the draft": lambda p, d, m: edit(p, d, "consultation.notes", "x"),
    "the answers": lambda p, d, m: answered(p, d, needle_fear=True),
    "the patient's name": lambda p, d, m: patients.change_patient(p.actor(Role.FRONT_DESK), d.patient, name="Ana F."),
    "the consent": lambda p, d, m: taken_back(p, d),
    "the register": lambda p, d, m: entry(p, Role.PRESCRIBER, expires=-1),
    "the injector's register": lambda p, d, m: entry(p, Role.INJECTOR, areas=[]),
    "the clinic's time to think": lambda p, d, m: own_days(p, 14),
    "the clinic's prices": _prices,
    "the knowledge": _edition,
    "the day": _next_day,
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_whatever_changes_between_reading_and_signing_is_read_again(clinics: World, what: str, monkeypatch) -> None:
    draft, place = ready(clinics.here), clinics.here
    client = place.client(Role.PRESCRIBER)
    desk = desks.at(place.actor(Role.PRESCRIBER), draft.pk)
    prepared = signing.prepare(desk, printed=True)
    assert prepared.obstacles == ()
    MEANWHILE[what](place, draft, monkeypatch)
    with pytest.raises(Refused, match=r"Something changed while you were reading.*Read it again"):
        commands.sign_plan(place.actor(Role.PRESCRIBER), desk.draft, prepared)
    sent = client.post(f"/drafts/{draft.pk}/sign/", {"proof": PASSWORD, "basis": prepared.basis})
    assert sent.status_code == 422 and "Read it again, and sign what you read" in sent.content.decode()
    assert not Document._base_manager.filter(kind="plan").exists()


def test_a_decision_on_a_finding_is_part_of_what_was_read(clinics: World) -> None:
    draft, place = ready(clinics.here), clinics.here
    edit(place, draft, "answers.medications", [{"name": "warfarin"}])
    actor = place.actor(Role.PRESCRIBER)
    before = signing.basis(desks.at(actor, draft.pk))
    _decided(place, draft)
    after = signing.basis(desks.at(actor, draft.pk))
    decided = next(iter(desks.at(actor, draft.pk).decisions))
    planning.withdraw_decision(actor, draft, finding=decided)
    assert before != after and signing.basis(desks.at(actor, draft.pk)) == before


def test_two_signers_and_two_clicks_make_one_plan(clinics: World) -> None:
    draft, place = ready(clinics.here), clinics.here
    actor, client = place.actor(Role.PRESCRIBER), place.client(Role.PRESCRIBER)
    mine, theirs = (signing.prepare(desks.at(actor, draft.pk), printed=True) for _ in range(2))
    document = commands.sign_plan(actor, draft, mine)
    with pytest.raises(Refused, match=r"signed or closed already.*Amend"):
        commands.sign_plan(actor, draft, theirs)
    again = client.post(f"/drafts/{draft.pk}/sign/", {"proof": PASSWORD, "basis": theirs.basis})
    assert again.status_code == 302 and again.url == f"/plans/{document.pk}/"
    assert Document._base_manager.filter(kind="plan").count() == 1


def test_the_patient_is_shown_what_changed_since_the_text_that_was_signed(clinics: World) -> None:
    draft, place = ready(clinics.here), clinics.here
    client = place.client(Role.INJECTOR)
    edit(place, draft, "order.areas", ["cheeks", "forehead"])
    page = client.get(f"/drafts/{draft.pk}/consent/").content.decode()
    assert "<del>Where: Cheek, Crow’s feet, Jawline.</del>" in page and "<ins>Where: Cheek, Forehead.</ins>" in page
    edit(place, draft, "order.areas", ["cheeks", "crow's feet", "jawline"])
    edit(place, draft, "order.spacing_mm", "12")
    page = client.get(f"/drafts/{draft.pk}/consent/").content.decode()
    assert "<del>" not in page and "The words below are the same" in page


# --- versions -----------------------------------------------------------------------------------------------------


def test_only_the_newest_version_is_amended_and_each_draft_leads_to_its_own_plan(clinics: World) -> None:
    place = clinics.here
    first_draft = ready(place)
    first = sign(place, first_draft)
    draft = commands.amend_plan(place.actor(Role.INJECTOR), first)
    prepared = signing.prepare(desks.at(place.actor(Role.PRESCRIBER), draft.pk), printed=True)
    assert prepared.obstacles == (), "the same plan, to which the patient consented"
    second = commands.sign_plan(place.actor(Role.PRESCRIBER), draft, prepared)
    assert (second.version, second.replaces) == (first.version + 1, first)
    with pytest.raises(Refused, match=r"A newer version replaces this plan\. Amend the newest"):
        commands.amend_plan(place.actor(Role.INJECTOR), first)
    client = place.client(Role.PRESCRIBER)
    assert "Amend this plan" not in client.get(f"/plans/{first.pk}/").content.decode()
    assert "Amend this plan" in client.get(f"/plans/{second.pk}/").content.decode()
    assert client.get(f"/drafts/{first_draft.pk}/sign/").url == f"/plans/{first.pk}/"
    assert client.get(f"/drafts/{draft.pk}/sign/").url == f"/plans/{second.pk}/"


def test_an_amendment_of_what_was_replaced_meanwhile_is_not_signed(clinics: World) -> None:
    place = clinics.here
    first = sign(place, ready(place))
    draft = commands.amend_plan(place.actor(Role.INJECTOR), first)
    documents.file(place.actor(Role.PRESCRIBER), Document.Kind.PLAN, draft.patient, {}, replaces=first)
    found = signing.prepare(desks.at(place.actor(Role.PRESCRIBER), draft.pk)).obstacles
    assert [(o.sentence, o.way_out) for o in found] == [
        ("The plan that this amends was replaced by a newer version.", "Amend the newer version.")
    ]


@pytest.mark.parametrize("verb", ["UPDATE {} SET clinic_id = clinic_id", "DELETE FROM {}"])
@pytest.mark.parametrize("model", [Document, Attachment])
def test_the_database_itself_refuses_to_change_what_was_signed(clinics: World, model, verb: str) -> None:
    sign(clinics.here, ready(clinics.here))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb.format(model._meta.db_table))


def test_a_consent_taken_back_after_the_signature_stands_on_the_plan(clinics: World) -> None:
    place = clinics.here
    plan = sign(place, ready(place))
    client = place.client(Role.FRONT_DESK)
    assert "took the consent back" not in client.get(f"/plans/{plan.pk}/").content.decode()
    consent = plan.signature["consent"]
    page = client.post(f"/consents/{consent}/withdraw", {"reason": ""}, follow=True).content.decode()
    assert "Cancel the sessions that stand in the diary" in page
    page = client.get(f"/plans/{plan.pk}/").content.decode()
    assert "The patient took the consent back" in page and "Do not inject" in page
    assert documents.whole(Document._base_manager.get(pk=consent))


# --- languages ----------------------------------------------------------------------------------------------------


def test_a_consent_counts_whatever_language_the_page_is_in(clinics: World) -> None:
    """The one who asks and the one who signs may read the app in different languages."""
    from django.utils.translation import override

    draft = ready(clinics.here)
    with override("fr"):
        prepared = signing.prepare(desks.at(clinics.here.actor(Role.PRESCRIBER), draft.pk), printed=True)
        assert prepared.obstacles == () and prepared.plan.language == "en"
    assert b"[en]" not in prepared.files["map.html"]


def test_a_text_in_another_language_than_the_patients_says_so(clinics: World) -> None:
    draft = ready(clinics.here, consented_days_ago=None)
    page = clinics.here.client(Role.INJECTOR).get(f"/drafts/{draft.pk}/consent/")
    assert "not in the patient" not in page.content.decode()
    patients.change_patient(clinics.here.actor(Role.FRONT_DESK), draft.patient, language="fr")
    page = clinics.here.client(Role.INJECTOR).get(f"/drafts/{draft.pk}/consent/")
    assert "not in the patient" in page.content.decode() and 'lang="en"' in page.content.decode()


# --- who answers for it -------------------------------------------------------------------------------------------


def words_of(content: bytes) -> str:
    """The words of a PDF; a word that was broken at its hyphen is whole again."""
    text = " ".join(page.get_text() for page in printed(content))
    return " ".join(text.split()).replace("- ", "-")


def test_register_and_number_stand_on_every_document_of_a_patient(clinics: World) -> None:
    place = clinics.here
    draft = ready(place, consented_days_ago=None)
    desk, client = place.client(Role.FRONT_DESK), place.client(Role.INJECTOR)
    told = {"draft-consent-text": words_of(client.get(f"/drafts/{draft.pk}/consent.pdf").content)}
    told["draft-sheet"] = client.get(f"/drafts/{draft.pk}/sheet/").content.decode()
    told["draft-consent"] = client.get(f"/drafts/{draft.pk}/consent/").content.decode()
    injector, prescriber = "Test register T-injector", "Test register T-prescriber"
    assert all(injector in text for text in told.values()), {k for k, v in told.items() if injector not in v}
    draft = ready(place)
    plan = sign(place, draft)
    kept = {file.name: bytes(file.content) for file in plan.attachments.all()}
    assert set(kept) == set(signing.KEPT)
    for name in ("plan.pdf", "patient.pdf"):
        words = words_of(kept[name])
        assert injector in words and prescriber in words, name
    assert injector in kept["map.html"].decode() and prescriber in kept["map.html"].decode()
    # A calendar is read by more people than its owner: it names neither the treatment nor who gives it.
    assert injector not in kept["course.ics"].decode() and "injector" not in kept["course.ics"].decode().casefold()
    consent = words_of(desk.get(f"/consents/{plan.signature['consent']}/consent.pdf").content)
    assert injector in consent and "I agree to this treatment." in consent and "Signed by Ana Flores" in consent
    for kind in consents.KINDS[1:]:
        page = desk.get(f"/patients/{draft.patient.pk}/consents/{kind}/").content.decode()
        assert prescriber in page, "whoever answers for it, where whoever asks is in no register"
        assert injector in client.get(f"/patients/{draft.patient.pk}/consents/{kind}/").content.decode()
        text = permission(
            kind, readings.edition_on(place.clinic.today()), place.clinic.today(), patient="Ana Flores",
            practice=signing.practice_here(place.actor(Role.INJECTOR)),
        )  # fmt: skip
        sent = {"name": "Ana", "strokes": STROKES, "identity": "photo-id", "agreed": [s.id for s in text.statements]}
        made = commands.give_consent(place.actor(Role.INJECTOR), draft.patient, text, sent)
        assert injector in words_of(desk.get(f"/consents/{made.pk}/consent.pdf").content), kind


def test_the_printed_consent_holds_the_signature_and_says_if_it_was_taken_back(clinics: World) -> None:
    place = clinics.here
    draft = ready(place)
    one = consents.standing(place.actor(Role.FRONT_DESK), draft.patient, "treatment")
    client = place.client(Role.FRONT_DESK)
    before = client.get(f"/consents/{one.document.pk}/consent.pdf")
    assert before["Content-Type"] == "application/pdf" and "Taken back" not in words_of(before.content)
    taken_back(place, draft)
    after = words_of(client.get(f"/consents/{one.document.pk}/consent.pdf").content)
    assert "Taken back on" in after and one.consent.statements[0].text in after
    assert clinics.there.client(Role.LEAD).get(f"/consents/{one.document.pk}/consent.pdf").status_code == 404
