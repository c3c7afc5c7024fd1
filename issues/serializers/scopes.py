"""The query string of PUT and DELETE, read once and raw: ten thousand ids make no QueryDict (contract 1.3)."""

from dataclasses import replace
from urllib.parse import unquote_plus

from rest_framework.exceptions import ValidationError

from issues.enums import IssueStatus
from issues.mutation import IssueScope
from issues.search import BadTerm, Term, parse
from projects.callers import Caller
from projects.querysets import MAX_ID

STATUS_WORDS = {status.value: status for status in IssueStatus} | {"muted": IssueStatus.IGNORED}

SHOWN = 10  # wrong values named in one error


def read_scope(query_string: str, *, project_id: int, by: Caller) -> IssueScope:
    """Return which issues a query string names.

    :raises ValidationError: a parameter is not one of ours, which might have meant "all" to somebody who misspelt it;
        or an id, a status or a search is none.
    """
    ids: list[str] = []
    statuses: list[str] = []
    queries: list[str] = []
    for part in query_string.split("&"):
        name, _, value = part.partition("=")
        if name == "id":
            ids.append(value)
        elif part:
            match unquote_plus(name):
                case "id":
                    ids.append(value)
                case "status":
                    statuses.append(unquote_plus(value))
                case "query":
                    queries.append(unquote_plus(value))
                case other:
                    raise ValidationError({"detail": _unknown_parameter(other)})
    errors: dict[str, list[str]] = {}
    if len(queries) > 1:
        errors["query"] = ["Say query once; put all terms into it."]
    scope = IssueScope(
        project_id,
        ids=_read_ids(ids, errors) if ids else None,
        statuses=read_statuses(statuses, errors) if statuses else None,
        query=next(iter(queries), None),
    )
    if errors:
        raise ValidationError(errors)
    return replace(scope, terms=read_query(scope.query or "", by=by))


def read_query(query: str, *, by: Caller) -> tuple[Term, ...]:
    """Return the terms of a search.

    :raises ValidationError: one of them means nothing; the ``detail`` names it.
    """
    try:
        return parse(query, user_id=by.user_id)
    except BadTerm as error:
        raise ValidationError({"detail": str(error)}) from error


def read_statuses(words: list[str], errors: dict[str, list[str]]) -> frozenset[IssueStatus]:
    """Return the statuses that the words stand for; what stands for none goes to ``errors``."""
    unknown = sorted({word for word in words if word not in STATUS_WORDS})
    if unknown:
        known = ", ".join(IssueStatus.values)
        errors["status"] = [f'"{word}" is not a status; say one of {known}.' for word in unknown[:SHOWN]]
    return frozenset(STATUS_WORDS[word] for word in words if word in STATUS_WORDS)


def _read_ids(words: list[str], errors: dict[str, list[str]]) -> frozenset[int]:
    ids = set()
    wrong = []
    for word in words:
        pk = read_id(word) or read_id(unquote_plus(word))
        if pk is None:
            wrong.append(unquote_plus(word))
        else:
            ids.add(pk)
    if wrong:
        errors["id"] = [
            f'"{word[:40]}" is not an id; ids are whole numbers from 1 to {MAX_ID}.' for word in wrong[:SHOWN]
        ]
    return frozenset(ids)


def read_id(word: str) -> int | None:
    """Return the id that ASCII digits stand for, leading zeros or not; None for anything else."""
    if not (word.isascii() and word.isdigit()):
        return None
    digits = word.lstrip("0")
    if not 1 <= len(digits) <= 19:  # more digits than 64 bits have: not even converted
        return None
    pk = int(digits)
    return pk if pk <= MAX_ID else None


def _unknown_parameter(name: str) -> str:
    sentence = f'Unknown query parameter "{name[:40]}".'
    if name.rstrip("[]0123456789") in {"id", "ids"}:
        return f"{sentence} Repeat id instead: ?id=1&id=2."
    return f"{sentence} Nothing was changed."
