"""A clinician's and the patient's items, scored; what they settle of the answers."""

from __future__ import annotations

from ..intake import Answers
from ..knowledge import Edition
from ..scales import filled, score
from ..values import InputError
from .document import Assessment


def assess(answers: Answers, edition: Edition, language: str = "en") -> Assessment:
    """Every scale that was filled in. One that cannot be scored is named, with what to correct, and counts as none."""
    scores, faults = [], []
    for scale, items in answers.assessment.items():
        if not filled(items):
            continue
        try:
            scores.append(score(scale, items, edition, language))
        except InputError as error:
            faults.append(str(error))
    given = answers.patient.phototype
    for found in scores:
        if found.scale == "phototype" and given is not None and given != found.value:
            words = {"given": str(given), "scored": str(int(found.value)), "used": str(max(given, int(found.value)))}
            faults.append(edition.say("choice.phototypes-differ", language, **words))
    return Assessment(scores=tuple(scores), faults=tuple(faults))


def assessed(answers: Answers, edition: Edition) -> Answers:
    """The answers with the phototype that the assessment settles. Where another one was given the higher counts, since
    dark patches are likelier in it."""
    found = next((s for s in assess(answers, edition).scores if s.scale == "phototype"), None)
    if found is None or (answers.patient.phototype or 0) >= found.value:
        return answers
    patient = answers.patient.model_copy(update={"phototype": int(found.value)})
    return answers.model_copy(update={"patient": patient})
