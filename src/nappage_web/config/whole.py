"""Whether what is kept is what was kept: every document, file and photograph against its hash, and those that were
signed or taken against the hash that the audit noted at the time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from ..care.models import Photograph
from ..clinic.models import AuditEvent
from ..patients.models import Attachment, Document

_KEPT = {Document: "body", Attachment: "content", Photograph: "content"}
_NOTED: dict[str, type[Document] | type[Photograph]] = {"plan.sign": Document, "photograph.add": Photograph}


def damaged() -> Iterator[str]:
    """What was changed, or is gone, in sentences; of all clinics."""
    for model, field in _KEPT.items():
        name = model._meta.verbose_name
        for pk, held, sha256 in model._base_manager.values_list("pk", field, "sha256").iterator(chunk_size=20):
            if hashlib.sha256(held.encode() if isinstance(held, str) else bytes(held)).hexdigest() != sha256:
                yield f"the {name} {pk} was changed after it was kept"
    for action, noted in _NOTED.items():
        for event in AuditEvent.objects.filter(action=action, outcome="done").order_by("seq").iterator():
            sha256 = json.loads(event.details).get("sha256")
            if sha256 and not noted._base_manager.filter(pk=event.subject, sha256=sha256).exists():
                yield f"the {noted._meta.verbose_name} {event.subject} is not the one of link {event.seq} any more"
