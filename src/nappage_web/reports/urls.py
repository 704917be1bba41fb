from django.urls import path

from . import audit_pages, overrides

urlpatterns = [
    path("audit/", audit_pages.events_page, name="audit"),
    path("audit/export", audit_pages.export, name="audit-export"),
    path("audit/verify", audit_pages.verify, name="audit-verify"),
    path("reports/", overrides.report, name="reports"),
]
