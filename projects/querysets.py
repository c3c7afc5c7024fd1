"""What may be found, and by whom. Below models.py: a queryset needs ``self``, never the class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db.models import Q, QuerySet

if TYPE_CHECKING:
    from projects.callers import Caller


MAX_ID = 2**63 - 1  # the largest of our keys


def is_id(word: str) -> bool:
    """Return whether a word is an id: ASCII digits, leading zeros or not, from 1 up to 64 bits."""
    digits = word.lstrip("0") if word.isascii() and word.isdigit() else ""
    return 1 <= len(digits) <= 19 and int(digits) <= MAX_ID  # more digits are not even converted


def slug_or_id(word: str, prefix: str = "") -> Q:
    """Return the condition that a path segment stands for: a slug, or digits for an id (slugs are never all digits)."""
    if is_id(word):
        return Q(**{f"{prefix}id": int(word)})
    if (word.isascii() and word.isdigit()) or "\0" in word:  # no row has such an id, PostgreSQL takes no such text
        return Q(pk__in=[])
    return Q(**{f"{prefix}slug": word})


class OrganizationQuerySet(QuerySet[Any]):
    def visible_to(self, caller: Caller) -> Self:
        """Keep the organizations that the caller belongs to; a superuser sees all."""
        if caller.api_key is not None:
            return self.filter(pk=caller.api_key.organization_id)
        if caller.user is None:
            return self.none()
        return self if caller.user.is_superuser else self.filter(memberships__user=caller.user)

    def named(self, organization: str) -> Self:
        """Keep the one that a path names, by slug or numeric id."""
        return self.filter(slug_or_id(organization))


class ProjectQuerySet(QuerySet[Any]):
    def visible_to(self, caller: Caller) -> Self:
        """Keep the projects that the caller may see (contract 1.2); the others can't even be found."""
        if caller.api_key is not None:
            return self.filter(organization_id=caller.api_key.organization_id)
        if caller.user is None:
            return self.none()
        if caller.user.is_superuser:
            return self
        return self.visible_to_member(caller.user.pk)

    def visible_to_member(self, user_id: int) -> Self:
        """Keep the projects that this user sees as a member of their organization: by role, team or open membership."""
        mine = self.model._meta.get_field("organization").related_model._default_manager.filter(
            memberships__user_id=user_id
        )
        rules_all = mine.filter(memberships__user_id=user_id, memberships__role__in=["manager", "owner"])
        return self.filter(organization__in=mine.values("pk")).filter(
            Q(organization__open_membership=True)
            | Q(organization__in=rules_all.values("pk"))
            | Q(pk__in=self.model._default_manager.filter(teams__members=user_id).values("pk"))
        )

    def named(self, organization: str, project: str) -> Self:
        """Keep the one project that a path names; each word is a slug or a numeric id."""
        return self.filter(slug_or_id(organization, "organization__"), slug_or_id(project))


class ReleaseQuerySet(QuerySet[Any]):
    def of_project(self, project_id: int) -> Self:
        """Keep the releases made for this project; elsewhere their versions are unknown."""
        return self.filter(projects=project_id)

    def newest_first(self) -> Self:
        """Order as contract section 5 says: by date released, else created, then id."""
        return self.order_by("-ordered_at", "-id")
