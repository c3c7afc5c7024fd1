"""How the admin says things: links, statuses, times, and what happened."""

import json
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from issues.enums import IssueStatus, ResolutionKind
from issues.instants import in_words
from issues.models import Issue, Mutation
from projects.admin import link

LINKS = 50
LETTERS = 300


def issue_link(issue: Issue) -> SafeString:
    return link(issue, issue.short_id)


def link_to_mutation(mutation_id: int | None) -> SafeString | str:
    return "-" if mutation_id is None else link(Mutation(pk=mutation_id), mutation_id)


# ---------------------------------------------------------------------------------------------------------------------
# A status
# ---------------------------------------------------------------------------------------------------------------------


def status_in_words(issue: Issue) -> SafeString:
    """Return the status as it counts now as a badge, and its terms; needs ``snooze_over`` (:class:`IssueAdmin`)."""
    status, terms = _status_and_terms(issue)
    return (
        format_html('{} <span class="terms" title="{}">{}</span>', badge(status), terms, terms)
        if terms
        else badge(status)
    )


def _status_and_terms(issue: Any) -> tuple[str, str]:
    if issue.status == IssueStatus.IGNORED:
        if issue.snooze_over:
            return IssueStatus.UNRESOLVED, f"its snooze ran out ({terms_in_words(issue)})"
        return IssueStatus.IGNORED, terms_in_words(issue)
    if issue.resolution_kind == ResolutionKind.IN_RELEASE:
        return IssueStatus.RESOLVED, f"in {issue.resolution_release}"
    if issue.resolution_kind == ResolutionKind.IN_NEXT_RELEASE:
        return IssueStatus.RESOLVED, f"in the release after {issue.resolution_release or 'none'}"
    return issue.status, issue.reopened_as or ""


def badge(word: str) -> SafeString:
    """Return a word in a colour of its own: a status, or a level."""
    return format_html('<span class="badge is-{}">{}</span>', word, word)


def terms_in_words(issue: Issue) -> str:
    """Return what ends the status "ignored"."""
    terms = []
    if issue.snooze_ends_at is not None:
        terms.append(in_words(issue.snooze_ends_at))
    if issue.snooze_ends_at_times_seen is not None:
        terms.append(f"{issue.snooze_ends_at_times_seen} events in all")
    if issue.snooze_ends_at_users_seen is not None:
        terms.append(f"{issue.snooze_ends_at_users_seen} users in all")
    if issue.snooze_window_count is not None:
        terms.append(f"{issue.snooze_window_count} events within {issue.snooze_window_minutes} minutes")
    if issue.snooze_window_user_count is not None:
        terms.append(f"{issue.snooze_window_user_count} users within {issue.snooze_window_user_minutes} minutes")
    if issue.snooze_escalates_above is not None:
        terms.append(f"it escalates, with more than {issue.snooze_escalates_above} events within an hour")
    return f"until {' or '.join(terms)}" if terms else "for good"


def as_json(value: Any) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))


def shortened(value: Any) -> str:
    return Truncator(json.dumps(value, ensure_ascii=False)).chars(LETTERS) if value else "-"


def linked_ids(ids: list[int] | None, *, absent: str) -> SafeString | str:
    """Return links to the first of these issues, and how many more there are."""
    if ids is None:
        return absent
    links = format_html_join(", ", "{}", ((link(Issue(pk=pk), pk),) for pk in ids[:LINKS]))
    return format_html("{} and {} more", links, len(ids) - LINKS) if len(ids) > LINKS else links or "-"
