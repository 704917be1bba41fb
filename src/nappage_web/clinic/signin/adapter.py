"""What allauth may do here: nobody signs up by themselves."""

from __future__ import annotations

import base64
import logging
import secrets

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken
from django.http import HttpRequest
from django.utils.crypto import salted_hmac


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class Factors(DefaultMFAAdapter):  # type: ignore[misc]
    """The secrets of apps and recovery codes are kept encrypted by the server's key, so that whoever reads the database
    alone makes no codes."""

    def encrypt(self, text: str) -> str:
        return _MARK + _key().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        if not encrypted_text.startswith(_MARK):
            return encrypted_text  # set up before they were encrypted
        try:
            return _key().decrypt(encrypted_text.removeprefix(_MARK).encode()).decode()
        except InvalidToken:  # by another key. No code is right now; of an empty secret, everybody could make them.
            _log.error("a second factor was kept by another secret key; its owner needs a new one")
            return base64.b32encode(secrets.token_bytes(20)).decode()


def unreadable() -> int:
    """How many second factors were kept by another secret key than this server's."""
    return sum(
        any(_lost(value) for value in row.data.values())
        for row in Authenticator.objects.filter(type__in=(Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES))
    )


def _lost(value: object) -> bool:
    if not isinstance(value, str) or not value.startswith(_MARK):
        return False
    try:
        _key().decrypt(value.removeprefix(_MARK).encode())
    except InvalidToken:
        return True
    return False


_MARK = "fernet:"
_log = logging.getLogger(__name__)


def _key() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(salted_hmac("nappage.factors", b"", algorithm="sha256").digest()))
