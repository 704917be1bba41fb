"""Which kinds of file may be uploaded at all. What is inside is judged by the page that takes it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler

KINDS = frozenset({"image/jpeg", "image/png", "image/webp", "application/json", "application/fhir+json"})


class Typed(FileUploadHandler):
    """Refuses a file of any other kind before a byte of it is kept."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if (self.content_type or "").lower() not in KINDS:
            raise SuspiciousOperation("a file of a kind that is not taken")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data  # to the handler after this one

    def file_complete(self, file_size: int) -> None:
        return None
