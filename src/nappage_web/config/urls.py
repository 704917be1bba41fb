"""Every address of the app."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.i18n import set_language

from ..clinic.access import open_page
from ..design.views import components


@open_page("health", "tells a supervisor that the server answers, and nothing else")
def health(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("health", health, name="health"),
    path("language", open_page("language", "changes only this browser's language")(set_language), name="language"),
    path("", include("nappage_web.clinic.signin.urls")),
    path("", include("nappage_web.clinic.urls")),
    path("", include("nappage_web.patients.urls")),
    path("", include("nappage_web.planning.urls")),
    path("", include("nappage_web.care.urls")),
    path("", include("nappage_web.portal.urls")),
    path("", include("nappage_web.reports.urls")),
    path(
        "design/",
        open_page("design", "shows the design with invented text; reaches no record")(components),
        name="design",
    ),
]
