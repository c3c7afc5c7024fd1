"""What a body asks for: its words read, looked up, and read as a value; at the desk, too."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from issues.mutation import IssueMutation
from issues.reading import wished
from issues.serializers.mutations import read_mutation, read_words
from projects.callers import Caller
from projects.models import Project


def read_wish(
    body: Mapping[str, Any], *, organization_id: int, projects: Sequence[Project], by: Caller, at: datetime
) -> IssueMutation:
    """Return what a body asks for.

    :param projects: those of the organization that the issues belong to.
    :param at: when the request began; durations count from then.
    :raises ValidationError: it is no wish that can be understood, or names what isn't there.
    """
    found = wished.look_up(read_words(body), organization_id, projects, by=by, at=at)
    return read_mutation(body, found, of_several=len(projects) > 1, at=at)
