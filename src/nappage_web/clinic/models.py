"""Who works where: organisations, clinics, users, staff, their registrations; and the audit chain's rows.

Every record of a clinic carries its `clinic`; `Scoped` is the only way to it, through the actor who asks.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from .access import Actor

M = TypeVar("M", bound=models.Model)


class Role(models.TextChoices):
    """What a member of staff does. One person may hold several."""

    INJECTOR = "injector", _("Injector")
    PRESCRIBER = "prescriber", _("Prescriber")
    LEAD = "lead", _("Clinical lead")
    FRONT_DESK = "front-desk", _("Front desk")
    AUDITOR = "auditor", _("Auditor")


class Scoped(models.Manager[M]):
    """Reaches only what belongs to the actor's clinic; a patient's link reaches only that patient's own."""

    def of(self, actor: Actor) -> models.QuerySet[M]:
        rows = super().get_queryset().filter(clinic=actor.clinic)
        if actor.kind == "patient":
            own = "pk" if self.model.__name__ == "Patient" else "patient"
            rows = rows.filter(**{own: actor.patient_id})
        return rows


class Record(models.Model):
    """What a clinic holds: an id that says nothing, and the clinic it belongs to."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="+")
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = Scoped()

    class Meta:
        abstract = True


class Organisation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    created = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name


class Clinic(models.Model):
    """A place of treatment. Its jurisdiction, language and zone are those of its patients' documents."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="clinics")
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=300, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    emergency_phone = models.CharField(max_length=40, blank=True)  # out of hours, on the patient's sheet
    email = models.EmailField(blank=True)
    jurisdiction = models.CharField(max_length=8, default="FR")
    language = models.CharField(max_length=8, default="en")
    time_zone = models.CharField(max_length=64, default="Europe/Paris")
    idle_minutes = models.PositiveSmallIntegerField(default=5)
    # Days between consent and signature; null: what the jurisdiction's record says.
    cooling_off_days = models.PositiveSmallIntegerField(null=True, blank=True)
    prices = models.JSONField(default=dict, blank=True)  # core PriceList
    created = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name

    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def now(self) -> datetime:
        return timezone.now().astimezone(self.zone())

    def today(self) -> date:
        return self.now().date()


class Users(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).casefold(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email: str | None) -> User:
        return self.get(email=(email or "").casefold())


class User(AbstractBaseUser):
    """Somebody who signs in, by e-mail. `pin`: hash of the quick unlock; empty where none was set."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    pin = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=8, blank=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[Users] = Users()

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name


class SignedIn(models.Model):
    """One browser in which somebody is signed in: whether it is locked, and whether it has ended. It stands beside the
    session, whose data is written whole by each request, so that no other request under way undoes a lock."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="signed_in")
    device = models.CharField(max_length=60)
    started = models.DateTimeField(default=timezone.now)
    last_active = models.DateTimeField(default=timezone.now)
    locked = models.BooleanField(default=False)
    tries = models.PositiveSmallIntegerField(default=0)  # wrong ones since the last right one
    ended = models.DateTimeField(null=True)


class Staff(Record):
    """A user at a clinic, with the roles held there."""

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="staff")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    roles = models.JSONField(default=list)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "user"], name="one_membership_each_clinic")]

    def __str__(self) -> str:
        return str(self.user)


class Registration(Record):
    """A practitioner's register entry, indemnity and scope. `techniques` and `areas` are the edition's ids."""

    staff = models.OneToOneField(Staff, on_delete=models.PROTECT, related_name="registration")
    register = models.CharField(max_length=120)
    number = models.CharField(max_length=60)
    expires = models.DateField()
    prescriber = models.BooleanField(default=False)
    insurer = models.CharField(max_length=120, blank=True)
    indemnity_expires = models.DateField(null=True, blank=True)
    techniques = models.JSONField(default=list)
    areas = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.register} {self.number}"


class AuditEvent(models.Model):
    """One link of the chain. It names rows by id and holds no foreign key, so that nothing can change it."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    clinic = models.UUIDField(null=True)
    actor_kind = models.CharField(max_length=10)
    actor = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    action = models.CharField(max_length=64)
    outcome = models.CharField(max_length=10)
    subject_kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=64)
    patient = models.UUIDField(null=True)
    details = models.TextField()  # canonical JSON
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-seq"], name="audit_of_patient"),
            models.Index(fields=["clinic", "-seq"], name="audit_of_clinic"),
            models.Index(fields=["clinic", "-seq"], name="audit_refused", condition=models.Q(outcome="refused")),
            models.Index(fields=["subject", "action", "-seq"], name="audit_of_subject"),
        ]
