"""The sentences of planning that are not the core's, for translators."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "fault": _("Something typed cannot be read: {wrong}"),
    "fault-out": _("Correct it where it was typed."),
    "deceased-out": _("No plan can be made."),
    "incomplete": _("{count} question(s) are open that could change the verdict. First: {first}"),
    "incomplete-out": _("Answer them beside the screening."),
    "no-plan": _("The order cannot be planned."),
    "no-plan-out": _("Correct what is marked in the order."),
    "contraindicated": _("Contraindicated: {title}"),
    "deferred": _("Not yet: {title}"),
    "deferred-out": _("Start on {day} or later."),
    "undecided": _("A prescriber must decide: {title}"),
    "undecided-out": _("A prescriber decides beside the finding, with a reason."),
    "no-formulation": _("There is no mixture."),
    "no-formulation-out": _("Choose a protocol, or enter what is injected."),
    "dose-over-limit-out": _("Reduce the amount, or split it over sessions."),
    "dose-not-allowed-out": _("Take it out of the mixture."),
    "dose-volume-mismatch-out": _("Make the map's volume and the mixture's agree."),
    "dose-needs-data-out": _("Enter what is missing in the mixture."),
    "dose-needs-clinician-decision-out": _(
        "Accept what has no known ceiling, with a reason, or enter the product's own limit; or a prescriber decides."
    ),
    "volume": _("The map injects {map} mL and the mixture holds {held} mL."),
    "volume-out": _("Change the volume of the mixture or of the points."),
    "no-course": _("There are no dates."),
    "no-course-out": _("Choose a protocol and a first day."),
    "past": _("The first session lies in the past."),
    "past-out": _("Choose a later day."),
    "missing-order-out": _("Enter it."),
    "missing-screening-out": _("Answer it beside the screening."),
    "missing-formulation-out": _("Settle it in the mixture."),
    "missing-course-out": _("Settle it on the calendar."),
    "missing-map-out": _("Settle it on the map."),
}  # fmt: skip

# Why a prescriber goes on against a finding, by code; what a lead counts.
REASONS = {
    "benefit": _("The benefit outweighs it for this patient"),
    "tolerated": _("Tolerated before, in the same circumstances"),
    "specialist": _("Agreed with the treating specialist"),
    "adapted": _("The plan was adapted to it"),
    "evidence": _("Another published position is followed"),
    "not-applicable": _("It does not apply to this patient"),
}

SEVERITIES = {
    "absolute-contraindication": (_("Absolute contraindication"), "stop", "✕"),
    "deferral": (_("Deferral"), "wait", "◷"),
    "relative-contraindication": (_("Relative contraindication"), "wait", "?"),
    "precaution": (_("Precaution"), "go", "!"),
    "information": (_("Information"), "note", "i"),
    "none": (_("No objection"), "note", "–"),
}
DOSES = {
    "within-limits": (_("Within limits"), "go", "✓"),
    "over-limit": (_("Over a limit"), "stop", "✕"),
    "not-allowed": (_("Not allowed"), "stop", "✕"),
    "volume-mismatch": (_("Volumes differ"), "wait", "≠"),
    "needs-data": (_("Data missing"), "wait", "…"),
    "needs-clinician-decision": (_("A clinician decides"), "wait", "?"),
    "no-ceiling-known": (_("No ceiling known"), "wait", "?"),
}
PAIRS = {
    "compatible": (_("compatible"), "go", "✓"),
    "incompatible": (_("incompatible"), "stop", "✕"),
    "unknown": (_("not known"), "wait", "?"),
}
STANDINGS = {
    "offered": (_("Can be planned"), "go", "✓"),
    "clinician-decides": (_("A clinician decides"), "wait", "?"),
    "wait": (_("Not yet"), "wait", "◷"),
    "ask": (_("Questions first"), "wait", "…"),
    "other-area": (_("For another area"), "note", "–"),
    "not-offered": (_("Not for this patient"), "stop", "✕"),
}
COURSES = {
    "scheduled": (_("Fits"), "go", "✓"),
    "scheduled-with-notes": (_("Fits, with notes"), "go", "!"),
    "accepted": (_("Fits"), "go", "✓"),
    "refused": (_("Does not fit"), "stop", "✕"),
    "conflict": (_("Conflict"), "stop", "✕"),
}

# The items of the core's scales and the regions of the face they are of.
SCALE_ITEMS = {
    "forehead": _("Forehead"),
    "left_malar": _("Left malar region"),
    "right_malar": _("Right malar region"),
    "chin": _("Chin"),
    "area": _("Area"),
    "area_percent": _("Area, %"),
    "darkness": _("Darkness"),
    "homogeneity": _("Homogeneity"),
    "mm": _("Length in mm, 0 to 100"),
    "out_of_ten": _("Pain, 0 to 10"),
    "field_cm2": _("Field, cm²"),
    "count": _("Hairs counted"),
    "terminal": _("Terminal hairs"),
    "vellus": _("Vellus hairs"),
    "anagen": _("Growing (anagen) hairs"),
}
