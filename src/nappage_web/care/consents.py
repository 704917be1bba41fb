"""Consents as they stand: given, withdrawn, and for which plan. Nothing here changes a signed document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from nappage.knowledge import Edition
from nappage.plan.consent import Consent, Kind, Signature, copy
from nappage.plan.pdf import pdf
from nappage.plan.words import Words
from nappage.values import InputError

from ..clinic.access import Actor
from ..patients.models import Document, Patient
from ..planning.reading import edition_on

KINDS: tuple[Kind, ...] = ("treatment", "photographs", "teaching", "marketing")
LANGUAGES = ("en", "fr")  # in which the permissions are whole
IDENTITY = {  # how the clinic knows who signs
    "photo-id": _("photo identity card seen"),
    "known": _("known to the clinic"),
    "name-and-birth-date": _("name and birth date asked"),
}
_MOST_STROKES = 60_000  # characters of the drawn name


@dataclass(frozen=True)
class Given:
    """A consent that was signed. `withdrawn`: the document that took it back, if any."""

    document: Document
    consent: Consent
    withdrawn: Document | None

    @property
    def stands(self) -> bool:
        return self.withdrawn is None

    @property
    def agreed(self) -> frozenset[str]:
        return frozenset((self.document.signature or {}).get("agreed", ()))


def given(actor: Actor, patient: Patient) -> tuple[Given, ...]:
    """Every consent of a patient, newest first, withdrawn ones among them."""
    rows = Document.objects.of(actor).filter(patient__in=patient.everyone())
    back = {row.replaces_id: row for row in rows.filter(kind=Document.Kind.WITHDRAWAL)}
    signed = rows.filter(kind=Document.Kind.CONSENT).order_by("-created")
    return tuple(Given(row, Consent.model_validate_json(row.body), back.get(row.pk)) for row in signed)


def standing(actor: Actor, patient: Patient, kind: Kind) -> Given | None:
    """The newest consent of a kind that was not taken back."""
    return next((one for one in given(actor, patient) if one.consent.kind == kind and one.stands), None)


def read_signature(consent: Consent, sent: Mapping[str, Any], *, patient: str) -> dict[str, Any]:
    """What was signed on the screen: {name, agreed, strokes, identity}. Raises InputError naming what is missing."""
    name = str(sent.get("name", "")).strip()
    if not name:
        raise InputError("name", gettext("the name is missing"), gettext("Ask the patient to write their name"))
    wanted = [statement.id for statement in consent.statements]
    agreed = [one for one in wanted if one in sent.get("agreed", ())]
    if agreed != wanted:
        missing = next(s.text for s in consent.statements if s.id not in agreed)
        wrong = gettext("not agreed to: {}").format(missing)
        raise InputError("agreed", wrong, gettext("Nothing is signed until each line is agreed to"))
    identity = sent.get("identity")
    if identity not in IDENTITY:
        wrong = gettext("how the patient was identified is missing")
        raise InputError("identity", wrong, gettext("Choose how you know who this is"))
    strokes = str(sent.get("strokes", ""))
    if len(strokes) < 20 or len(strokes) > _MOST_STROKES or set(strokes) - set("ML0123456789. "):
        raise InputError("strokes", gettext("there is no signature"), gettext("Ask the patient to sign in the box"))
    return {"name": name, "agreed": agreed, "strokes": strokes, "identity": identity, "patient": patient}


def text_of(document: Document) -> Consent:
    return Consent.model_validate_json(document.body)


@dataclass(frozen=True)
class Changed:
    """Lines of a text that are no longer there, and new ones."""

    gone: tuple[str, ...]
    come: tuple[str, ...]


def changed(before: Consent, now: Consent, edition: Edition) -> Changed:
    """What a patient reads otherwise than in the text they signed; the sources, and the end of the time to think, which
    always moves, left out."""
    old, new = _lines(before, edition), _lines(now, edition)
    return Changed(
        tuple(line for key, line in old.items() if key not in new),
        tuple(line for key, line in new.items() if key not in old),
    )


def _lines(consent: Consent, edition: Edition) -> dict[str, str]:
    """The lines, by what they say when the end of the time to think is left out."""
    words = Words(edition, consent.language)
    end = words.day(consent.sign_from) if consent.sign_from else None
    told = (
        f"{step.text} ({step.when})" if step.when else step.text
        for section in consent.sheet.sections
        for block in section.blocks
        if block.kind == "steps"
        for step in block.steps
    )
    return {line.replace(end, "…") if end else line: line for line in told}


def taken_back(actor: Actor, plan: Document) -> Document | None:
    """That the patient took the consent back on which a signed plan stands, if they did."""
    consent = (plan.signature or {}).get("consent")
    rows = Document.objects.of(actor).filter(kind=Document.Kind.WITHDRAWAL, replaces=consent) if consent else None
    return rows.first() if rows is not None else None


def printed(actor: Actor, document: Document) -> bytes:
    """The PDF of a signed consent, made from its frozen words alone."""
    consent, zone, signed = text_of(document), actor.here.zone(), document.signature or {}
    back = Document.objects.of(actor).filter(kind=Document.Kind.WITHDRAWAL, replaces=document).first()
    with override(consent.language):
        signature = Signature(
            name=signed["name"], at=document.created.astimezone(zone),
            identity=str(IDENTITY[signed["identity"]]), witness=signed["witness"], strokes=signed["strokes"],
        )  # fmt: skip
    taken = back.created.astimezone(zone).date() if back else None
    return pdf(copy(consent, edition_on(actor.here.today()), signature, taken))
