"""Environments: names that events brought (contract 7.10)."""

from collections.abc import Sequence

from django.db.models import Min

from issues.models import Environment
from projects.database.keyset import Sort
from projects.pages import Page, PageQuery, cut_page, refuse_foreign

OLDEST_FIRST = Sort("id", descending=False)

Named = tuple[int, str]  # an id, and the name


def read_environments(project_ids: Sequence[int], asked: PageQuery) -> Page[Named]:
    """Return a page of the names of environments that these projects have, each once; its id is the first project's.

    A project has a hundred at most.

    :raises ForeignCursor: the cursor is of another list.
    """
    refuse_foreign(asked.position, lambda key: False)
    named = Environment.objects.filter(project__in=project_ids).values("name").annotate(first=Min("pk"))
    found = sorted(named.values_list("first", "name"))
    beyond = [((pk, pk), (pk, name)) for pk, name in found if asked.position.is_before((pk, pk))]
    return cut_page(beyond[::-1] if asked.position.backwards else beyond, asked.position, asked.limit)
