"""Which issues a message is about: how many, or, of one alone, which."""

from collections.abc import Iterable

from django.utils.html import format_html

from desk.ways import address_of_issue
from desk.wording import counted
from issues.reading.history import find_only_issue
from projects.callers import Caller


def named_or_counted(changed: int, issue: tuple[int, str] | None, back: str) -> str:
    """Return how many issues were changed; of one, its short id, which leads to it.

    :param issue: the number and the short id of the one, where it is known.
    :param back: the page that shows the message.
    """
    if changed != 1 or issue is None:
        return counted(changed)
    pk, short_id = issue
    return format_html('<a href="{}">{}</a>', address_of_issue(pk, back), short_id)


def changed_in_words(
    changed: int, project_ids: Iterable[int], mutation_ids: Iterable[int | None], by: Caller, back: str
) -> str:
    """Return the same of what these mutations of these projects changed; None among them changed nothing."""
    ids = [pk for pk in mutation_ids if pk is not None]
    issue = find_only_issue(project_ids, ids[0], by=by) if changed == len(ids) == 1 else None
    return named_or_counted(changed, None if issue is None else (issue.pk, issue.short_id), back)
