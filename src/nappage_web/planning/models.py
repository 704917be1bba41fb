"""Rooms, appointments, prepaid sessions, the clinic's own protocols, and overrides of a screening's finding."""

from __future__ import annotations

from django.db import models

from ..clinic.models import Record, Staff
from ..patients.models import Document, Draft, Patient


class Room(Record):
    name = models.CharField(max_length=80)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Appointment(Record):
    """A visit in the diary. `minutes` is the whole stay, `cream_minutes` of it before the first needle."""

    class Status(models.TextChoices):
        BOOKED = "booked"
        CANCELLED = "cancelled"
        DONE = "done"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="appointments")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="appointments")
    room = models.ForeignKey(Room, null=True, blank=True, on_delete=models.PROTECT, related_name="appointments")
    plan = models.ForeignKey(Document, null=True, blank=True, on_delete=models.PROTECT, related_name="appointments")
    draft = models.ForeignKey(Draft, null=True, blank=True, on_delete=models.PROTECT, related_name="appointments")
    session = models.PositiveSmallIntegerField(null=True, blank=True)
    starts = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    cream_minutes = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.BOOKED)
    reason = models.CharField(max_length=300, blank=True)  # why it was moved or cancelled

    class Meta:
        indexes = [models.Index(fields=["clinic", "starts"], name="diary")]

    @property
    def nobodys(self) -> bool:
        """Whether its practitioner works here no more, and nobody has taken it yet."""
        return self.status == self.Status.BOOKED and not self.staff.active


class Package(Record):
    """Sessions paid beforehand. What was used is counted from appointments done, never written down twice."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="packages")
    title = models.CharField(max_length=200)
    protocol = models.CharField(max_length=80, blank=True)
    sessions = models.PositiveSmallIntegerField()
    price = models.DecimalField(max_digits=10, decimal_places=2)
    currency = models.CharField(max_length=3)
    paid_on = models.DateField()


class ClinicProtocol(Record):
    """A mixture, a map and a course saved under a name; each change is a new version. Checked again at each use."""

    name = models.CharField(max_length=120)
    version = models.PositiveIntegerField(default=1)
    body = models.JSONField()  # {"order": …, "schedule": …}
    edition = models.CharField(max_length=80)
    author_name = models.CharField(max_length=200)
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    retired = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "name", "version"], name="one_protocol_each_version")]


class Override(Record):
    """A prescriber's decision on one finding of a draft's screening, where the rule allows one. Never deleted: a
    decision taken back is a newer row with `decision` "withdrawn"."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="overrides")
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="overrides")
    rule = models.CharField(max_length=80)
    finding = models.CharField(max_length=64)  # hash of what the finding said and rested on: another one asks again
    decision = models.CharField(max_length=12)  # accepted, withdrawn
    code = models.CharField(max_length=40)
    text = models.CharField(max_length=500)
    by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="overrides")


class Closure(Record):
    """When the clinic gives no sessions: a day of every week (`weekday`, 0 Monday), or days from `first` to `last`."""

    weekday = models.PositiveSmallIntegerField(null=True, blank=True)
    first = models.DateField(null=True, blank=True)
    last = models.DateField(null=True, blank=True)
    title = models.CharField(max_length=80, blank=True)
    ended = models.DateTimeField(null=True, blank=True)  # taken back; kept
