from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, re_path

from ..access import open_page
from . import views

_OWN = "changes only the sign-in of the one who asks; allauth asks for the sign-in, and for the password once more"
_MAIL = "works only with the secret that was mailed to the address"
_START = "signing in starts here"

# allauth's pages that this app has: its address, the view, why it is open to those who are not signed in yet.
_ALLAUTH = (
    ("login/", account.login, "account_login", _START),
    ("logout/", account.logout, "account_logout", "ends only one's own session"),
    ("reauthenticate/", account.reauthenticate, "account_reauthenticate", _OWN),
    ("password/change/", account.password_change, "account_change_password", _OWN),
    ("password/set/", account.password_set, "account_set_password", _OWN),
    (
        "password/reset/",
        account.password_reset,
        "account_reset_password",
        "does not tell who is known",
    ),
    ("password/reset/done/", account.password_reset_done, "account_reset_password_done", _MAIL),
    ("password/reset/key/done/", account.password_reset_from_key_done, "account_reset_password_from_key_done", _MAIL),
    ("2fa/", mfa.index, "mfa_index", _OWN),
    ("2fa/authenticate/", mfa.authenticate, "mfa_authenticate", "the second step of signing in"),
    ("2fa/reauthenticate/", mfa.reauthenticate, "mfa_reauthenticate", _OWN),
    ("2fa/totp/activate/", totp.activate_totp, "mfa_activate_totp", _OWN),
    ("2fa/totp/deactivate/", totp.deactivate_totp, "mfa_deactivate_totp", _OWN),
    ("2fa/recovery-codes/", codes.view_recovery_codes, "mfa_view_recovery_codes", _OWN),
    ("2fa/recovery-codes/generate/", codes.generate_recovery_codes, "mfa_generate_recovery_codes", _OWN),
    ("2fa/recovery-codes/download/", codes.download_recovery_codes, "mfa_download_recovery_codes", _OWN),
    ("2fa/webauthn/", webauthn.list_webauthn, "mfa_list_webauthn", _OWN),
    ("2fa/webauthn/add/", webauthn.add_webauthn, "mfa_add_webauthn", _OWN),
    ("2fa/webauthn/login/", webauthn.login_webauthn, "mfa_login_webauthn", _START),
    ("2fa/webauthn/reauthenticate/", webauthn.reauthenticate_webauthn, "mfa_reauthenticate_webauthn", _OWN),
    ("2fa/webauthn/keys/<int:pk>/remove/", webauthn.remove_webauthn, "mfa_remove_webauthn", _OWN),
    ("2fa/webauthn/keys/<int:pk>/edit/", webauthn.edit_webauthn, "mfa_edit_webauthn", _OWN),
)
# Those it has not: nobody signs up or changes an address by themselves. allauth still asks where they would be.
_CLOSED = ("account_signup", "account_email", "account_email_verification_sent", "account_inactive")


@open_page("account.closed", "there is nothing here: nobody signs up by themselves")
def closed(request: HttpRequest) -> HttpResponse:
    raise Http404


urlpatterns = [
    *(path(f"accounts/{at}", open_page(name, why)(view), name=name) for at, view, name, why in _ALLAUTH),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        open_page("account_reset_password_from_key", _MAIL)(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    *(path(f"accounts/closed/{name}", closed, name=name) for name in _CLOSED),
    path("session/state", views.state, name="session-state"),
    path("lock", views.lock_now, name="lock"),
    path("unlock", views.unlock, name="unlock"),
    path("me/", views.account, name="account-own"),
    path("clinic/invite", views.invite, name="staff-invite"),
    path("clinic/staff/<uuid:staff>/factor", views.factor, name="staff-factor"),
]
