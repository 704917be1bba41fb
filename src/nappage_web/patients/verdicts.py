"""A screening's verdict as every page says it: one word, mark and colour."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from nappage.screening import Screening

VERDICTS = {
    "contraindicated": (_("Contraindicated"), "stop", "✕"),
    "defer": (_("Not yet"), "wait", "◷"),
    "needs-clinician-decision": (_("A prescriber decides"), "wait", "?"),
    "proceed-with-precautions": (_("May go ahead with precautions"), "go", "!"),
    "precautions-open": (_("May go ahead with precautions; questions are open"), "wait", "…"),
    "clear": (_("Clear"), "go", "✓"),
    "cannot-be-cleared": (_("Cannot be cleared yet"), "wait", "…"),
}


def shown(screening: Screening, *, unread: bool = False) -> str:
    """The key in VERDICTS. What is open, or typed and cannot be read (`unread`), is never shown as settled."""
    if screening.incomplete or unread:
        return {"clear": "cannot-be-cleared", "proceed-with-precautions": "precautions-open"}.get(
            screening.verdict, screening.verdict
        )
    return screening.verdict
