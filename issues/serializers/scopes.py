"""The query string of PUT and DELETE, read once and raw: ten thousand ids make no QueryDict (contract 1.3)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote_plus

from rest_framework.exceptions import ValidationError

from issues.enums import IssueStatus
from issues.mutation import AllIssues, IssueScope, NamedIssues
from issues.search import MAX_LENGTH, Term, parse, quoted
from issues.serializers.unknown_keys import means_ids
from issues.services.verbs.status.words import MUTED
from projects.api.parameters import SAY_ONCE, unknown_parameter
from projects.callers import Caller
from projects.querysets import MAX_ID, is_id

STATUS_WORDS = {status.value: status for status in IssueStatus} | {MUTED: IssueStatus.IGNORED}

KNOWN = frozenset({"id", "status", "query", "environment", "preview", "project"})
IDS = {"id", "project"}  # digits, which need no decoding: ten thousand of them are read as they are

WRONG_VALUES_NAMED = 10  # wrong values named in one error
MAX_EXPECTED = 10**19 - 1  # nineteen digits


@dataclass(frozen=True, slots=True)
class ScopeQuery:
    """What a query string names, before it is known in which project. None means that the parameter was not given."""

    ids: frozenset[int] | None = None
    statuses: frozenset[IssueStatus] | None = None
    terms: tuple[Term, ...] = ()
    query: str | None = None
    project_ids: frozenset[int] | None = None
    preview: bool = False

    def in_project(
        self, project_id: int, ids: frozenset[int] | None = None, *, among: tuple[int, ...] = ()
    ) -> IssueScope:
        """Return this for one project, ``among`` several; with ``ids``, for these of its issues only."""
        narrowed: dict[str, Any] = {
            "statuses": self.statuses,
            "terms": self.terms,
            "among": among,
            "query": self.query,
        }
        named = self.ids if ids is None else ids
        if named is None:
            return AllIssues(project_id, **narrowed)
        return NamedIssues(project_id, ids=named, **narrowed)


def read_scope_query(query_string: str, *, known: frozenset[str] = KNOWN, by: Caller) -> ScopeQuery:
    """Return which issues a query string names.

    :raises ValidationError: a parameter is not one of ``known``, which might have meant "all" to somebody who misspelt
        it; or an id, a status or a search is none.
    """
    words: dict[str, list[str]] = {name: [] for name in known}
    ids = words["id"]  # at hand: there may be ten thousand
    for part in query_string.split("&"):
        name, _, value = part.partition("=")
        if name == "id":
            ids.append(value)
        elif part:
            name = unquote_plus(name)
            if name not in known:
                raise ValidationError({"detail": _unknown_beside_id(name)})
            words[name].append(value if name in IDS else unquote_plus(value))
    errors: dict[str, list[str]] = {}
    if not all(words["environment"]):
        errors["environment"] = ["Name an environment, or leave this out."]
    if len(words["query"]) > 1:
        errors["query"] = [SAY_ONCE]
    found = ScopeQuery(
        ids=read_ids("id", ids, errors) if ids else None,
        statuses=read_statuses(words["status"], errors) if words["status"] else None,
        query=_with_environments(next(iter(words["query"]), None), words["environment"]),
        project_ids=read_ids("project", words["project"], errors) if words.get("project") else None,
        preview=read_preview(words["preview"], errors),
    )
    if errors:
        raise ValidationError(errors)
    return replace(found, terms=read_query(found.query or "", of_organization="project" in known, by=by))


def of_environments(names: Iterable[str]) -> str:
    """Return the term of a search that environments are, of which each may be that of an issue; none for none."""
    values = ",".join(map(quoted, names))
    return f"environment:[{values}]" if values else ""


def _with_environments(query: str | None, names: Sequence[str]) -> str | None:
    """Return a search that these environments narrow, too: so it stands in the history, and can be asked again."""
    return f"{query or ''} {of_environments(names)}".strip() if names else query


def read_preview_alone(query_string: str) -> bool:
    """Return whether a query string asks for a preview, where it can ask for nothing else.

    :raises ValidationError: it asks for something else.
    """
    errors: dict[str, list[str]] = {}
    words = []
    for part in query_string.split("&"):
        name, _, value = part.partition("=")
        if part and unquote_plus(name) != "preview":
            raise ValidationError({"detail": unknown_parameter(unquote_plus(name))})
        words += [unquote_plus(value)] if part else []
    preview = read_preview(words, errors)
    if errors:
        raise ValidationError(errors)
    return preview


def read_expected(header: str | None) -> int | None:
    """Return how many issues the header ``Issues-Expected`` says will match; None when there is none.

    :raises ValidationError: it is no number.
    """
    if header is None:
        return None
    if re.fullmatch(rf"[0-9]{{1,{len(str(MAX_EXPECTED))}}}", header) is None:
        raise ValidationError({"detail": "Issues-Expected is no number; say how many issues you expect to match."})
    return int(header)


def read_query(query: str, *, max_length: int = MAX_LENGTH, of_organization: bool, by: Caller) -> tuple[Term, ...]:
    """Return the terms of a search, of an organization's projects or of one.

    :raises BadTerm: one of them means nothing; the sentence names it.
    """
    return parse(query, user_id=by.user_id, max_length=max_length, of_organization=of_organization)


def read_statuses(words: list[str], errors: dict[str, list[str]]) -> frozenset[IssueStatus]:
    """Return the statuses that the words stand for; what stands for none goes to ``errors``."""
    unknown = sorted({word for word in words if word not in STATUS_WORDS})
    if unknown:
        known = ", ".join(IssueStatus.values)
        errors["status"] = [
            f'"{word[:40]}" is not a status; say one of {known}.' for word in unknown[:WRONG_VALUES_NAMED]
        ]
    return frozenset(STATUS_WORDS[word] for word in words if word in STATUS_WORDS)


def read_preview(words: list[str], errors: dict[str, list[str]]) -> bool:
    """Return whether the words ask for a preview; what is neither yes nor no goes to ``errors``."""
    if words not in ([], ["true"], ["false"]):
        errors["preview"] = ["Say preview=true or preview=false, once."]
    return words == ["true"]


def read_ids(name: str, words: list[str], errors: dict[str, list[str]]) -> frozenset[int]:
    """Return the ids that the words of a parameter stand for; what stands for none goes to ``errors``."""
    ids = set()
    wrong = []
    for word in words:
        pk = read_id(word) or read_id(unquote_plus(word))
        if pk is None:
            wrong.append(unquote_plus(word))
        else:
            ids.add(pk)
    if wrong:
        errors[name] = [
            f'"{word[:40]}" is not an id; ids are whole numbers from 1 to {MAX_ID}.'
            for word in wrong[:WRONG_VALUES_NAMED]
        ]
    return frozenset(ids)


def read_id(word: str) -> int | None:
    """Return the id that ASCII digits stand for, leading zeros or not; None for anything else."""
    return int(word.lstrip("0")) if is_id(word) else None


def _unknown_beside_id(name: str) -> str:
    if means_ids(name):
        return f'Unknown query parameter "{name[:40]}". Repeat id instead: ?id=1&id=2.'
    return unknown_parameter(name)
