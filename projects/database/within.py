"""Foreign keys to a row of the same project."""

from typing import Any

from django.db import models


class _WithinProject:
    """Names the project wherever rows are joined by it, or looked up: a join by an id alone would ask every shard.

    To migrations it is Django's own: the column is the same.
    """

    def get_joining_fields(self: Any, reverse_join: bool = False) -> Any:
        """Return the pairs of fields that a JOIN compares."""
        pairs = super().get_joining_fields(reverse_join=reverse_join)  # type: ignore[misc] # of what it is mixed into
        mine, others = (model._meta.get_field("project") for model in (self.model, self.related_model))
        return (*pairs, (others, mine) if reverse_join else (mine, others))

    def get_extra_descriptor_filter(self: Any, instance: Any) -> dict[str, Any]:
        """Return what else is asked where a row reads the one that it points at."""
        return {"project": instance.project_id}

    def deconstruct(self: Any) -> Any:
        name, _, args, kwargs = super().deconstruct()  # type: ignore[misc] # of what it is mixed into
        return name, f"django.db.models.{self.django_name}", args, kwargs


class ForeignKeyWithinProject(_WithinProject, models.ForeignKey):  # type: ignore[type-arg] # generic in the stubs only
    django_name = "ForeignKey"


class OneToOneFieldWithinProject(_WithinProject, models.OneToOneField):  # type: ignore[type-arg] # the same
    django_name = "OneToOneField"
