"""The page on which every component of the design stands, in all its states."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

_SUGGESTED = ("Lidocaine cream 4 %", "Lidocaine and prilocaine cream", "Hyaluronic acid, not crosslinked")
_NAV = (("Today", "today"), ("Patients", "patients"), ("Diary", "diary"), ("Reports", "reports"), ("Clinic", "clinic"))
_ICONS = (
    "today", "patients", "diary", "reports", "clinic", "lock", "own", "out", "search", "plus", "back", "next", "check",
    "camera", "print", "theme", "trash",
)  # fmt: skip


def components(request: HttpRequest) -> HttpResponse | JsonResponse:
    """With ?q=… what the field that suggests asks for; otherwise the page. All text on it is invented."""
    if "q" in request.GET:
        asked = request.GET["q"].casefold()
        return JsonResponse([one for one in _SUGGESTED if asked in one.casefold()], safe=False)
    nav = [{"url": "#content", "word": word, "icon": icon, "here": icon == "today"} for word, icon in _NAV]
    tokens = ("surface", "surface-raised", "surface-sunk", "text", "text-muted", "line", "line-strong", "accent",
              "accent-soft", "danger", "danger-soft", "warning", "warning-soft", "ok", "ok-soft", "info", "info-soft",
              "focus")  # fmt: skip
    return render(request, "design/components.html", {"nav": nav, "icons": _ICONS, "tokens": tokens})
