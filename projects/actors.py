"""Whom a word means: a member of an organization or one of its teams (contract 1.4). Nobody else is known."""

from collections.abc import Collection, Iterator
from enum import IntEnum
from typing import Any

from django.db.models import QuerySet

from projects.models import OrganizationMember, Team
from projects.querysets import is_id


class Way(IntEnum):
    """How a word finds somebody; of several ways that find anybody the first counts."""

    ID = 0
    USER_NAME = 1
    EMAIL = 2
    TEAM = 3


def ways_to_find(word: str, organizations: Collection[int] | QuerySet[Any]) -> Iterator[tuple[Way, QuerySet[Any]]]:
    """Yield the members, or the teams (:attr:`Way.TEAM`), that a word may mean: way by way, in the order that counts.

    ``user:ID``, ``ID``, a user name or an e-mail; ``team:ID``, ``#slug`` or a team's slug; in capitals or not. Where a
    way finds two people, neither was surely meant.
    """
    members = OrganizationMember.objects.filter(organization__in=organizations)
    teams = Team.objects.filter(organization__in=organizations)
    kind, _, rest = word.partition(":")
    if word.startswith("#"):
        yield Way.TEAM, teams.filter(slug=word[1:].lower())
    elif kind.lower() == "team" and is_id(rest):
        yield Way.TEAM, teams.filter(pk=int(rest))
    elif kind.lower() == "user" and is_id(rest):
        yield Way.ID, members.filter(user=int(rest))
    elif word.isascii() and word.isdigit():
        yield Way.ID, members.filter(user=int(word) if is_id(word) else 0)
    else:
        yield Way.USER_NAME, members.filter(user__username__iexact=word)
        yield Way.EMAIL, members.filter(user__email__iexact=word)
        yield Way.TEAM, teams.filter(slug=word.lower())
