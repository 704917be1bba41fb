"""A patient of a clinic, the documents kept of them, drafts with every edit, and the links they are sent."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.db import models
from django.utils import timezone

from nappage.values import age_in_years

from ..clinic.models import Record, Scoped


class Patient(Record):
    """`merged_into`: this row was a duplicate; its history stays, and the other one is the patient."""

    name = models.CharField(max_length=200)
    birth_date = models.DateField()
    sex = models.CharField(max_length=12, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=8, default="en")
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")

    class Meta:
        indexes = [
            models.Index(fields=["clinic", "birth_date"], name="patient_birth_date"),
            models.Index(fields=["clinic", "-created"], name="patient_newest"),
        ]

    def __str__(self) -> str:
        return self.name

    def age_on(self, day: date) -> int:
        return age_in_years(self.birth_date, day)

    def everyone(self) -> list[Patient]:
        """This patient and all duplicates that were merged into them: whose records are this patient's."""
        found = [self]
        for one in found:
            found += one.merged.all()
        return found

    def kept(self) -> Patient:
        """Who this is, if this row was merged into another."""
        return self if self.merged_into is None else self.merged_into.kept()

    def every(self, relation: str) -> models.QuerySet[Any]:
        """The rows of one relation ("documents", "appointments"), those of merged duplicates included."""
        model = self._meta.get_field(relation).related_model
        return model._base_manager.filter(patient__in=self.everyone())  # type: ignore[union-attr]


class Merge(Record):
    """That a duplicate became part of a patient. `before`: {"fields": {name: [what it was, what was taken from the
    duplicate]}, "answers": the document joined from both}; nothing else moves, so that it can be taken back."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="merges")  # the one kept
    duplicate = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    before = models.JSONField()
    reason = models.CharField(max_length=500)
    by_name = models.CharField(max_length=200)
    undone = models.DateTimeField(null=True)


class SearchTerm(models.Model):
    """A word by which a patient is found: see search.py. A duplicate's words lead to the patient it was merged into.
    On PostgreSQL `term` is compared byte by byte (collation "C", by migration), as SQLite does."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="terms")
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.CASCADE, related_name="+", db_index=False)
    term = models.CharField(max_length=80)

    class Meta:
        indexes = [models.Index(fields=["clinic", "term"], name="search_term")]


class Document(Record):
    """A document of the core, or of consent, kept whole and never changed: triggers refuse UPDATE and DELETE.

    `body` is the exact JSON text that `sha256` is of. A newer version is a row of its own that `replaces` this one.
    `signature`: who signed, as what, under which registration, when, and how they were identified."""

    class Kind(models.TextChoices):
        ANSWERS = "answers"
        PLAN = "plan"
        CONSENT = "consent"
        WITHDRAWAL = "withdrawal"
        IMPORT = "import"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    version = models.PositiveIntegerField()
    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    edition = models.CharField(max_length=80, blank=True)
    software = models.CharField(max_length=40)
    language = models.CharField(max_length=8, blank=True)
    author_kind = models.CharField(max_length=10)
    author = models.CharField(max_length=64)
    author_name = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True)
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    signature = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "kind", "version"], name="one_document_each_version")]


class Attachment(Record):
    """A file made from a document when it was signed, and kept with it: its PDF, its map, its calendar."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="attachments")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    media_type = models.CharField(max_length=80)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)


class Draft(Record):
    """What is being filled in: an intake, or a plan. Its body is the fold of its edits, kept for reading."""

    class Kind(models.TextChoices):
        INTAKE = "intake"
        PLAN = "plan"

    class Status(models.TextChoices):
        OPEN = "open"
        DONE = "done"  # handed in, or signed
        LEFT = "left"  # given up; kept

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="drafts")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    revision = models.PositiveIntegerField(default=0)
    body = models.JSONField(default=dict)
    based_on = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="+")
    updated = models.DateTimeField(default=timezone.now)


class Edit(models.Model):
    """One thing typed. `id` is made where it was typed, so that sending it twice is sending it once."""

    class Outcome(models.TextChoices):
        APPLIED = "applied"
        CONFLICT = "conflict"  # set aside: somebody else had changed the same place

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="edits")
    base = models.PositiveIntegerField()
    revision = models.PositiveIntegerField()  # of the draft after it; for a conflict: at the time
    path = models.CharField(max_length=200)
    value = models.JSONField(null=True)
    author_kind = models.CharField(max_length=10)
    author = models.CharField(max_length=64)
    author_name = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)

    objects = Scoped()

    class Meta:
        indexes = [models.Index(fields=["draft", "revision"], name="edits_of_draft")]


class Link(Record):
    """A private address for one patient, without an account: only the hash of its secret is kept."""

    class Purpose(models.TextChoices):
        INTAKE = "intake"
        CALENDAR = "calendar"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="links")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    draft = models.ForeignKey(Draft, null=True, on_delete=models.PROTECT, related_name="links")
    secret = models.CharField(max_length=64, unique=True)  # sha256
    expires = models.DateTimeField()
    opened = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)
