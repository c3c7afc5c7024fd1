"""Requests and answers, as the model and the service both have them; and whether one answer is the other.

Pure Python, as the model is: it imports nothing of the service.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Who = Literal["jane", "sam", "key"]

# What an answer's headers say of what happened; the other headers are the same for everybody (tests/api).
TOLD = ("Issues-Matched", "Issues-Changed", "Issues-Out-Of-Scope", "X-Hits", "Ignored-Keys")

# The secrets that the service draws, by what the model calls them: the nth link of an issue.
Links = Mapping[str, str]
SHARE_ID = re.compile(r'"shareId": "([^"]+)"')
SECRET = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller sends. ``path`` is ``issues``, ``issues/ID``, ``releases`` or ``mutations/ID/undo``.

    ``body`` is sent as it is, ``expected`` as the header Issues-Expected.
    """

    method: str
    who: Who
    path: str = "issues"
    query: tuple[tuple[str, str], ...] = ()
    body: str = ""
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back: the status, the body as text, and those headers that are TOLD, with Mutation-Id as yes or no."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    mutation_id: int | None = field(default=None, compare=False)  # a number that nobody can foresee

    @classmethod
    def of(cls, request: Request, status: int, body: str, headers: Mapping[str, str]) -> "Answer":
        """Return what the service sent, without the ids of activities, which nobody can foresee."""
        told = {name: headers[name] for name in TOLD if name in headers}
        mutation_id = None
        if headers.get("Mutation-Id", "").isdigit():
            mutation_id = int(headers["Mutation-Id"])
            told["Mutation-Id"] = "given"
        if status == 200 and request.method == "GET" and request.path.startswith("issues/"):
            body = json.dumps(tell_whole(json.loads(body)))
        if request.path == "releases":
            body = ""  # what a release is told as is no business of issues
        return cls(status, body, told, mutation_id)


@dataclass(frozen=True, slots=True)
class Expected(Answer):
    """What the model answers, with its own names for the secrets.

    ``wrong``, instead of a body, names what a 400 must be about: keys of its body. The contract gives some sentences
    word for word; for the others (None), any will do.
    """

    wrong: Mapping[str, object] | None = None


class Differs(AssertionError):
    """The service did not answer what the model does."""


def compare(expected: Expected, answer: Answer, links: Links) -> Links:
    """Return the links as they are known after this answer.

    :raises Differs: the answer is another than the expected one.
    """
    found = Answer(answer.status, "", answer.headers)
    wanted = Answer(expected.status, "", expected.headers)
    if found != wanted:
        raise Differs(f"expected {wanted}, got {found}: {answer.body}")
    if expected.wrong is not None:
        _compare_refusal(expected.wrong, json.loads(answer.body))
        return links
    names, secrets = SHARE_ID.findall(expected.body), SHARE_ID.findall(answer.body)
    known = dict(links)
    for name, secret in zip(names, secrets, strict=len(names) == len(secrets)):
        if name not in known and SECRET.fullmatch(secret) and secret not in known.values():
            known[name] = secret
    told = SHARE_ID.sub(lambda share: f'"shareId": "{known.get(share[1], share[1])}"', expected.body)
    if told != answer.body:
        raise Differs("\n".join(differences(told, answer.body)))
    return known


def differences(expected: str, found: str) -> list[str]:
    """Return where two answers differ, for a message: a list of issues is long."""
    if not (expected and found):
        return [f"expected {expected!r}, got {found!r}"]
    parts = _differing("", json.loads(expected), json.loads(found))
    return parts or [f"expected, to the byte,\n{expected}\ngot\n{found}"]


def _differing(where: str, expected: Any, found: Any) -> list[str]:
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        return [part for key in expected for part in _differing(f"{where}.{key}", expected[key], found[key])]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [part for number, pair in pairs for part in _differing(f"{where}[{number}]", *pair)]
    return [] if expected == found else [f"{where or 'body'}: expected {expected}, got {found}"]


def _compare_refusal(wrong: Mapping[str, object], body: Any) -> None:
    if sorted(body) != sorted(wrong):
        raise Differs(f"expected a refusal of {sorted(wrong)}, got {body}")
    for key, sentence in wrong.items():
        if body[key] != sentence if sentence is not None else not body[key]:
            raise Differs(f"expected {key}: {sentence or 'a sentence'}, got {body}")


def tell_whole(whole: dict[str, Any]) -> dict[str, Any]:
    """Return the whole of one issue: activities without ids and by the issue that they are of, and as sets what has no
    order in the contract."""
    ids = [int(entry["id"]) for entry in whole["activity"]]
    if ids != sorted(set(ids), reverse=True):
        raise Differs(f"activities are not listed newest first: {ids}")
    entries: dict[str, list[dict[str, Any]]] = {}
    for entry in whole["activity"]:
        told = {key: value for key, value in entry.items() if key not in {"id", "issueId"}}
        entries.setdefault(entry["issueId"], []).append(told)
    return {
        "id": whole["id"],
        "status": whole["status"],
        "activity": dict(sorted(entries.items())),
        "seenBy": sorted(whole["seenBy"], key=str),
        "participants": sorted(int(person["id"]) for person in whole["participants"]),
        "releases": [whole[key] and whole[key]["version"] for key in ("firstRelease", "lastRelease")],
    }
