"""Events as they came, and those that wait to be counted.

None of these tables points at another by a foreign key: taking an event in must wait for nobody, and whoever deletes a
project or an issue must not wait for events. Whole events name a fingerprint, not an issue: merges, and new rules of
grouping, move none of them.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class LossSource(models.TextChoices):
    SERVER = "server"  # refused, limited, passed over, or recognised again, here
    CLIENT = "client"  # discarded by an SDK, which said so


class Event(models.Model):
    """A whole event, by weeks of ``seen_at`` (events/weeks.py): a week goes as a whole, when it is over long enough.

    The order of the key is the order of reading: the newest of a fingerprint.
    """

    pk = models.CompositePrimaryKey("project_id", "hash", "seen_at", "event_id")
    project_id = models.BigIntegerField()
    hash = models.UUIDField()  # its fingerprint, by the newest rules when it came
    seen_at = models.DateTimeField()
    event_id = models.UUIDField()
    received_at = models.DateTimeField()
    data = models.BinaryField()  # events/meaning/packing.py

    class Meta:
        indexes = [
            # The newest of a project.
            models.Index(F("project_id"), F("seen_at").desc(), name="events_event_of_project"),
        ]

    def __str__(self) -> str:
        return self.event_id.hex


class EventId(models.Model):
    """An event's id, by weeks of the day that it said itself: one that comes again is recognised.

    It outlives the whole event, and leads to it.
    """

    pk = models.CompositePrimaryKey("project_id", "event_id", "day")
    project_id = models.BigIntegerField()
    event_id = models.UUIDField()
    day = models.DateField()
    hash = models.UUIDField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.event_id.hex


class Arrival(models.Model):
    """An event that is on disk and not counted yet, with all that counting needs. About in the order they came."""

    project_id = models.BigIntegerField()
    hash = models.UUIDField()
    older_hashes = ArrayField(models.UUIDField(), default=list)  # by older rules of grouping, newest first
    event_id = models.UUIDField()
    seen_at = models.DateTimeField()
    received_at = models.DateTimeField()
    level = models.CharField(max_length=10)
    user = models.CharField(max_length=64, blank=True)  # SHA-256 of "field:value"; counted, and then forgotten
    release = models.CharField(max_length=250, blank=True)
    environment = models.CharField(max_length=64, blank=True)
    # It can't be counted, and no other is to wait for it; a counter that starts tries it again.
    set_aside_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # The next batch of a project; which projects have one.
            models.Index(
                fields=["project_id", "id"],
                name="events_arrival_of_project",
                condition=Q(set_aside_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.event_id.hex


class Loss(models.Model):
    """What did not become an event, by day: how much, of what, and why (contract 7.8)."""

    pk = models.CompositePrimaryKey("project_id", "day", "key", "source", "reason", "category")
    project_id = models.BigIntegerField()
    day = models.DateField()
    key = models.CharField(max_length=32)
    source = models.CharField(max_length=6, choices=LossSource.choices)
    reason = models.CharField(max_length=40)
    category = models.CharField(max_length=40)
    quantity = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="events_loss_source_is_known", condition=Q(source__in=LossSource.values)),
            models.CheckConstraint(name="events_loss_lost_something", condition=Q(quantity__gte=1)),
        ]
        verbose_name_plural = "losses"

    def __str__(self) -> str:
        return f"{self.day}: {self.quantity} {self.category}, {self.reason}"
