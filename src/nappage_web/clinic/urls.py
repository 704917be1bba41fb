from django.urls import path

from . import pages

urlpatterns = [
    path("clinic/", pages.clinic, name="clinic"),
    path("clinic/settings", pages.settings, name="clinic-settings"),
    path("clinic/prices", pages.prices, name="clinic-prices"),
    path("clinic/switch", pages.switch, name="clinic-switch"),
    path("clinic/staff/<uuid:staff>/", pages.staff, name="staff"),
    path("clinic/staff/<uuid:staff>/leaving", pages.leaving, name="staff-leaving"),
    path("clinic/staff/<uuid:staff>/registration", pages.registration, name="staff-registration"),
]
