from django.urls import path

from . import views

app_name = "portal"
urlpatterns = [
    path("i/<str:secret>/", views.intake, name="intake"),
    path("i/<str:secret>/suggest", views.suggestions, name="suggest"),
    path("i/<str:secret>/read", views.read_as, name="read"),
    path("c/<str:secret>.ics", views.calendar, name="calendar"),
]
