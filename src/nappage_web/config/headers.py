"""Response headers that Django has no setting for, and the bound of what a request may carry."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse

# What a page may use of the device: the camera for photographs, and nothing else.
_REFUSED = (
    "accelerometer", "bluetooth", "browsing-topics", "display-capture", "geolocation", "gyroscope", "hid",
    "magnetometer", "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip
PERMISSIONS = ", ".join(["camera=(self)", *(f"{name}=()" for name in _REFUSED)])


class Headers:
    """Adds the permissions policy; keeps pages of signed-in people out of every cache; refuses requests over
    `settings.REQUEST_MAX_BYTES` before they are read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _length(request) > settings.REQUEST_MAX_BYTES:
            megabytes = settings.REQUEST_MAX_BYTES // 2**20
            told = {"wrong": f"it is larger than {megabytes} MB", "remedy": "send a smaller file, or fewer at once"}
            response: HttpResponse = JsonResponse({"error": told}, status=413)
        else:
            response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        """No text of ours holds the character NUL, and PostgreSQL cannot store it."""
        sent = (value for given in (request.GET, request.POST) for _name, values in given.lists() for value in values)
        if "\0" in request.path or any("\0" in value for value in sent):
            raise BadRequest("a character that cannot be stored")


def _length(request: HttpRequest) -> int:
    """Bytes announced. What is sent without a length Django does not read."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
