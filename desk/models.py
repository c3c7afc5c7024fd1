"""What the desk keeps of its own: searches that people gave a name."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length, Now

from projects.models import Organization, User

models.CharField.register_lookup(Length)
models.TextField.register_lookup(Length)

MAX_VIEW = 4_000  # characters of an address


class SavedSearch(models.Model):
    """A view of the list under a name: its owner's own, or, with an organization, all of its members'."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, db_index=False, related_name="+")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=60)
    view = models.TextField(help_text="The query string of the list.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            # Also reads what somebody has saved.
            models.UniqueConstraint(name="desk_savedsearch_name_once_per_owner", fields=["owner", "name"]),
            models.CheckConstraint(name="desk_savedsearch_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(name="desk_savedsearch_view_is_an_address", condition=Q(view__startswith="?")),
            models.CheckConstraint(
                name="desk_savedsearch_view_is_not_too_long", condition=Q(view__length__lte=MAX_VIEW)
            ),
        ]
        verbose_name_plural = "saved searches"

    def __str__(self) -> str:
        return self.name
