"""Places of a draft in words: what a clinician calls `order.mixture.0.volume_ml`, and what the core says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from nappage.knowledge import Edition

from .starting import Difference

# Key → what its field is called, as on the page where it is filled in.
_NAMES = {
    "order": gettext_lazy("Order"), "answers": gettext_lazy("Answers"), "schedule": gettext_lazy("Dates"),
    "prices": gettext_lazy("The clinic's price list"), "consultation": gettext_lazy("Consultation"),
    # mixture and visit
    "mixture": gettext_lazy("Mixture"), "product": gettext_lazy("product"), "products": gettext_lazy("Products"),
    "ingredient": gettext_lazy("ingredient"), "concentration": gettext_lazy("concentration"),
    "unit": gettext_lazy("unit"), "volume_ml": gettext_lazy("volume, mL"),
    "vial_ml": gettext_lazy("vial dissolved in, mL"), "anaesthetic": gettext_lazy("Anaesthetic"),
    "grams": gettext_lazy("grams"), "area_cm2": gettext_lazy("area, cm²"), "dwell_min": gettext_lazy("minutes on"),
    "route": gettext_lazy("route"), "applied_by": gettext_lazy("who puts it on"),
    "technique": gettext_lazy("Technique"), "syringe_ml": gettext_lazy("Syringe holds, mL"),
    "needle_mm": gettext_lazy("Needle, mm"), "visit_minutes": gettext_lazy("Visit, minutes"),
    "own_ceilings_mg": gettext_lazy("The product's own limit, mg a session"),
    "accepted_without_ceiling": gettext_lazy("Accepted without a ceiling"), "purpose": gettext_lazy("Purpose"),
    "combined_with": gettext_lazy("Combined with"), "origin": gettext_lazy("where it comes from"),
    "jurisdiction": gettext_lazy("Jurisdiction"),
    # map
    "map": gettext_lazy("Map"), "areas": gettext_lazy("Areas"), "spacing_mm": gettext_lazy("Spacing, mm"),
    "points": gettext_lazy("Number of points"), "depth_mm": gettext_lazy("Depth of the tip, mm"),
    "inserted_mm": gettext_lazy("Needle inserted, mm"), "angle_deg": gettext_lazy("Angle, degrees"),
    "volume_per_point_ml": gettext_lazy("Volume a point, mL"), "aim": gettext_lazy("what is aimed at"),
    "layout": gettext_lazy("points near a border"), "covered": gettext_lazy("share covered"),
    "zones": gettext_lazy("zones"), "zone": gettext_lazy("zone"), "side": gettext_lazy("side"),
    "pattern": gettext_lazy("pattern"), "pitch_mm": gettext_lazy("between lines, mm"),
    "thread_mm": gettext_lazy("length of a thread, mm"), "rows_deg": gettext_lazy("direction of the rows"),
    "border": gettext_lazy("border"), "point_sets": gettext_lazy("named points"), "set": gettext_lazy("set"),
    "erase": gettext_lazy("points erased"), "add": gettext_lazy("points added"),
    "enter": gettext_lazy("danger zone entered"), "wheals": gettext_lazy("wheals measured"),
    # course
    "protocol": gettext_lazy("Protocol"), "indication": gettext_lazy("Concern treated"),
    "regimen": gettext_lazy("Regimen"), "sessions": gettext_lazy("Number of sessions"),
    "planned_start": gettext_lazy("First session"), "planned_time": gettext_lazy("Time of the first session"),
    "time_zone": gettext_lazy("Time zone"), "proposed": gettext_lazy("days chosen"),
    "given": gettext_lazy("sessions given"), "missed": gettext_lazy("sessions missed"),
    "closed_weekdays": gettext_lazy("weekdays the clinic is closed"),
    "closed_dates": gettext_lazy("days the clinic is closed"), "available": gettext_lazy("days the patient can come"),
    # answers
    "birth_date": gettext_lazy("Birth date"), "sex": gettext_lazy("Sex"), "weight_kg": gettext_lazy("Weight, kg"),
    "height_cm": gettext_lazy("Height, cm"), "phototype": gettext_lazy("Phototype"),
    "skin_state": gettext_lazy("On the skin of the area now"), "planned_events": gettext_lazy("Plans ahead"),
    "conditions": gettext_lazy("Conditions"), "medications": gettext_lazy("Medicines"),
    "allergies": gettext_lazy("Allergies"), "procedures": gettext_lazy("Procedures"),
    "previous_mesotherapy": gettext_lazy("Earlier mesotherapy"), "skincare": gettext_lazy("Skin care"),
    "answered_on": gettext_lazy("Day of the answers"), "unwell": gettext_lazy("Unwell today"),
    "blood_pressure": gettext_lazy("Blood pressure"), "expectations": gettext_lazy("Expectations"),
    "grade": gettext_lazy("grade"), "assessment": gettext_lazy("Skin assessment"),
}  # fmt: skip
# Groups that say nothing to a reader where something more exact follows.
_GROUPS = ("order", "answers", "schedule", "consultation", "patient", "context", "lifestyle", "answered")
_UNIT = re.compile(r"_(mm|ml|mg|kg|cm|cm2|deg|min)$")


def named(path: str) -> str:
    """A place in words, "Mixture, no. 1: volume, mL" for `order.mixture.0.volume_ml`; empty for no place. A list's
    lines are counted from 1; a count that follows a space ("mixture 1.volume_ml") is from 1 already."""
    steps = [step for step in path.replace("[", ".").replace("]", "").split(".") if step]
    if len(steps) > 1:
        steps = [step for i, step in enumerate(steps) if step not in _GROUPS or i == len(steps) - 1]
    if len(steps) > 1 and steps[0] == "map" and not steps[1].isdigit():
        steps = steps[1:]
    words: list[str] = []
    for step in steps:
        name, _space, count = step.partition(" ")
        if name.isdigit() and words:
            words[-1] = _("{list}, no. {number}").format(list=words[-1], number=int(name) + 1)
            continue
        if name not in _NAMES:
            name = step  # somebody's own name, which may hold anything
        word = str(_NAMES.get(name) or _UNIT.sub("", name).replace("_", " ").replace("-", " "))
        counted = count.isdigit() and name != step
        words.append(_("{list}, no. {number}").format(list=word, number=count) if counted else word)
    said = ": ".join(words)
    return said[:1].upper() + said[1:]


# What the core says of any field, so that a reader has it in the language of the page.
_SAYINGS = (
    ("this is missing", gettext_lazy("this is missing")),
    ("this must be a whole number", gettext_lazy("this must be a whole number")),
    ("this must be a number", gettext_lazy("this must be a number")),
    ("this must be yes or no", gettext_lazy("this must be yes or no")),
    ("this must be a date, YYYY-MM-DD", gettext_lazy("this must be a date, YYYY-MM-DD")),
    (r"this must be more than (\S+)", gettext_lazy("this must be more than {}")),
    (r"this must be less than (\S+)", gettext_lazy("this must be less than {}")),
    (r"this must be (\S+) or more", gettext_lazy("this must be {} or more")),
    (r"this must be (\S+) or less", gettext_lazy("this must be {} or less")),
    ("a line of the mixture needs an ingredient or a product",
     gettext_lazy("a line of the mixture needs an ingredient or a product")),
    (r"string should have at least (\d+) characters", gettext_lazy("this needs {} letters or more")),
    ("a concentration needs its unit", gettext_lazy("a concentration needs its unit")),
)  # fmt: skip
_GIVEN = re.compile(r"(?P<said>.*?)(?: \(given: (?P<given>.*)\))?", re.DOTALL)
_KEY = re.compile(r"(?:\b(?:order|answers|schedule)\.)?\b[a-z]+(?:_[a-z0-9]+)+\b")


def wrong_in_words(wrong: str) -> str:
    """What the core calls wrong, without its keys, and in the page's language where it is said of any field."""
    found = _GIVEN.fullmatch(wrong)
    said, given = (found["said"], found["given"]) if found else (wrong, None)
    for pattern, words in _SAYINGS:
        if match := re.fullmatch(pattern, said):
            text = str(words).format(*match.groups())
            return text if given is None else _("{wrong} (given: {given})").format(wrong=text, given=given)
    return _without_keys(wrong)


def way_out(remedy: str) -> str:
    """The core's way out, for somebody who sees fields: no command, no list of names as files have them, no keys."""
    if remedy in ("Correct it and try again", "Correct it"):
        return _("Correct it where it was typed")
    if remedy == "Add it":
        return _("Enter it there")
    if "nappage " in remedy or re.match("Name one (or more )?of ", remedy):
        return _("Choose one of those that are offered there")
    return _without_keys(remedy)


def _without_keys(text: str) -> str:
    def word(found: re.Match[str]) -> str:
        name = _NAMES.get(found[0].rpartition(".")[2])
        return found[0] if name is None else f"{str(name)[:1].lower()}{str(name)[1:]}"

    return _KEY.sub(word, text)


def differences_in_words(
    differences: Iterable[Difference], edition: Edition, language: str
) -> list[tuple[str, str, str]]:
    """(place, before, now) as a reader knows them: places named, records by their titles."""

    def titled(path: str, text: str) -> str:
        key = path.rpartition(".")[2].partition(" ")[0]
        if key == "indication" and text in edition.indications:
            return edition.indications[text].title or text.replace("-", " ").capitalize()
        titles = {
            **({k: r.title for k, r in edition.techniques.items()} if key == "technique" else {}),
            **({k: r.title for k, r in edition.protocols.items()} if key == "protocol" else {}),
            **({k: r.title for k, r in edition.regions.items()} if key in ("areas", "zone") else {}),
        }
        return ", ".join(edition.text(titles[one], language) if one in titles else one for one in text.split(", "))

    return [(named(d.path), titled(d.path, d.before), titled(d.path, d.now)) for d in differences]
