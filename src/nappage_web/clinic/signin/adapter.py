"""What allauth may do here: nobody signs up by themselves."""

from __future__ import annotations

import base64

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
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
        return _key().decrypt(encrypted_text.removeprefix(_MARK).encode()).decode()


_MARK = "fernet:"


def _key() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(salted_hmac("nappage.factors", b"", algorithm="sha256").digest()))
