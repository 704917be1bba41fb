"""Photographs. Consents are documents (patients.Document, kinds consent and withdrawal)."""

from __future__ import annotations

from django.db import models

from ..clinic.models import Record, Staff
from ..patients.models import Document, Draft, Patient


class Photograph(Record):
    """One standard view, without its metadata, by the hash of its bytes. `quality`: what the gate measured and said."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="photographs")
    draft = models.ForeignKey(Draft, null=True, on_delete=models.PROTECT, related_name="photographs")
    consent = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="photographs")
    view = models.CharField(max_length=24)
    content = models.BinaryField()
    media_type = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    quality = models.JSONField(default=dict)
    taken_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="photographs")
