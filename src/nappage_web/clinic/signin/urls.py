from django.urls import path

from . import views

urlpatterns = [
    path("session/state", views.state, name="session-state"),
    path("lock", views.lock_now, name="lock"),
    path("unlock", views.unlock, name="unlock"),
    path("me/", views.account, name="account-own"),
]
