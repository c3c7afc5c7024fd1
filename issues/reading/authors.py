"""Whose mutations a word asks for, where people look through the history."""

from collections.abc import Collection

from issues.models import Mutation
from projects.actors import Way, ways_to_find
from projects.callers import Caller
from projects.database import citus
from projects.models import ApiKey, OrganizationMember, User
from projects.querysets import is_id


def find_author(
    word: str, organization_ids: Collection[int], project_ids: Collection[int], *, by: Caller
) -> User | ApiKey | None:
    """Return whose mutations a word asks for: ``me``, a member as :mod:`projects.actors` says, or ``key:ID``.

    Nobody outside of these organizations is known, but for who is named by the history of these projects: who has left,
    or a superuser, by the id. Nor is one of two who are called so.
    """
    if word.casefold() == "me" and by.user is not None:
        return by.user
    kind, _, pk = word.partition(":")
    if kind == "key":
        keys = ApiKey.objects.filter(organization__in=organization_ids, pk=int(pk) if is_id(pk) else 0)
        return keys.first()
    for way, rows in ways_to_find(word, organization_ids):
        if way != Way.TEAM:
            found = {member.user_id: member.user for member in rows.select_related("user")[:10]}
            if found:
                return next(iter(found.values())) if len(found) == 1 else None
    return _find_who_did_something(word, project_ids)


def _find_who_did_something(word: str, project_ids: Collection[int]) -> User | None:
    if not is_id(word):
        return None
    theirs = (Mutation.objects.filter(project__in=group, user=int(word)) for group in citus.together(project_ids))
    return User.objects.filter(pk=int(word)).first() if any(found.exists() for found in theirs) else None


def suggest_authors(organization_ids: Collection[int], limit: int) -> tuple[list[str], list[ApiKey]]:
    """Return user names and API keys of these organizations, so many of each."""
    members = OrganizationMember.objects.filter(organization__in=organization_ids).order_by("user__username")
    keys = ApiKey.objects.filter(organization__in=organization_ids).order_by("pk")
    return list(members.values_list("user__username", flat=True).distinct()[:limit]), list(keys[:limit])
