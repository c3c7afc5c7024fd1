"""Notes: what people write about an issue, and the history that it becomes part of (contract 5)."""

import pytest

from issues.models import Activity, Issue, Mutation
from projects.models import Project, User
from tests.answers import iso
from tests.api.one_issue import ISSUES, LEGACY, NOT_FOUND, Json, comments, notes_of, person, write
from tests.api_client import Api, Who, bearer
from tests.assertions import snapshot
from tests.factories import ActivityFactory, ApiTokenFactory, IssueFactory

pytestmark = pytest.mark.django_db


NOBODY = {"detail": "An API key is nobody in particular, and a note has an author; use a user's token."}
NOT_YOURS = {"detail": "Only who wrote a note may change it."}


# ---------------------------------------------------------------------------------------------------------------------
# Writing one
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [f"{ISSUES}{{id}}/", f"{LEGACY}{{id}}/"])
def test_is_a_comment_by_sentrys_other_word(api: Api, issue: Issue, path: str) -> None:
    comments_of = f"{path.format(id=issue.pk)}comments/"

    written = api.request("POST", comments_of, {"text": "It was me."}, auth="jane").json()
    changed = api.put(f"{comments_of}{written['id']}/", {"text": "It was not."}, auth="jane")

    assert changed.json() == written | {"data": {"text": "It was not."}}
    assert api.get(notes_of(issue)).json() == api.get(comments_of).json() == [changed.json()]
    assert api.delete(f"{comments_of}{written['id']}/", auth="jane").status_code == 204
    assert comments(issue) == (0, 0)


@pytest.mark.parametrize("path", [f"{ISSUES}{{id}}/", f"{ISSUES}PUMP-STATION-1A/", f"{LEGACY}{{id}}/"])
@pytest.mark.parametrize("auth", ["jane", "sam"])
def test_is_written_and_answered(
    api: Api, issue: Issue, project: Project, jane: User, sam: User, path: str, auth: Who
) -> None:
    neighbour = IssueFactory(project=project, short_number=1)
    before = snapshot([neighbour.pk])

    response = api.request("POST", f"{path.format(id=issue.pk)}notes/", {"text": " It was\n*me*.  "}, auth=auth)

    note = Activity.objects.get()
    author = jane if auth == "jane" else sam
    assert (response.status_code, response.json()) == (
        201,
        {
            "id": str(note.pk),
            "issueId": str(issue.pk),
            "type": "note",
            "data": {"text": "It was\n*me*."},
            "user": person(author),
            "dateCreated": iso(note.created_at),
        },
    )
    assert (note.issue_id, note.project_id, note.user_id) == (issue.pk, project.pk, author.pk)
    assert response.headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    assert comments(issue) == (1, 1)
    assert not Mutation.objects.exists()
    assert snapshot([neighbour.pk]) == before


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"text": "<script>alert(1)</script>"}, "<script>alert(1)</script>"),
        ({"text": "\u4f60\u597d \U0001f980 \u202e"}, "\u4f60\u597d \U0001f980 \u202e"),
        ({"text": "%s {} \\ ' \" --"}, "%s {} \\ ' \" --"),
        ({"text": "\u0001"}, "\u0001"),
        ({"text": 5}, "5"),
        ({"text": "x" * 65_536}, "x" * 65_536),
        ({"text": "a", "id": 7, "type": "merge", "user": None, "data": {}, "issue": 1, "mentions": ["x"]}, "a"),
    ],
    ids=range(7),
)
def test_is_kept_as_it_was_written(api: Api, issue: Issue, jane: User, body: Json, text: str) -> None:
    response = api.request("POST", notes_of(issue), body, auth="jane")

    assert (response.status_code, response.json()["data"]) == (201, {"text": text})
    note = Activity.objects.get()
    assert (note.data, note.kind, note.user, note.issue_id) == ({"text": text}, "note", jane, issue.pk)


REFUSED: dict[str, tuple[object, Json]] = {
    "no body": (None, {"text": ["This field is required."]}),
    "nothing": ({}, {"text": ["This field is required."]}),
    "another key": ({"Text": "x"}, {"text": ["This field is required."]}),
    "null": ({"text": None}, {"text": ["This field may not be null."]}),
    "empty": ({"text": ""}, {"text": ["This field may not be blank."]}),
    "blank": ({"text": " \n\t\u00a0"}, {"text": ["This field may not be blank."]}),
    "a boolean": ({"text": True}, {"text": ["Not a valid string."]}),
    "a list": ({"text": ["x"]}, {"text": ["Not a valid string."]}),
    "an object": ({"text": {"x": "y"}}, {"text": ["Not a valid string."]}),
    "too long": ({"text": "x" * 65_537}, {"text": ["Ensure this field has no more than 65536 characters."]}),
    "NUL": ('{"text": "a\\u0000b"}', {"detail": "The body has a NUL character."}),
    "half a character": (
        '{"text": "a\\ud800b"}',
        {"detail": "The body has half of a surrogate pair, which is no character."},
    ),
    "no object": ('"x"', {"detail": "The body must be a JSON object."}),
}


@pytest.mark.parametrize(("body", "answer"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_needs_a_text(api: Api, issue: Issue, method: str, body: object, answer: Json) -> None:
    path = notes_of(issue) if method == "POST" else write(api, issue)
    before = snapshot()

    response = api.request(method, path, body, auth="jane")

    assert (response.status_code, response.json()) == (400, answer)
    assert snapshot() == before


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"text=hello", "application/x-www-form-urlencoded", 415),
        (b'{"text": "hello"}', "text/plain", 415),
        (b"hello", "application/json", 400),
        (b'{"text": "%s"}' % (b"x" * 2**20), "application/json", 413),
    ],
)
def test_is_refused_if_it_is_no_json_or_too_long(
    api: Api, issue: Issue, content: bytes, content_type: str, status: int
) -> None:
    before = snapshot()

    response = api.request("POST", notes_of(issue), content, auth="jane", headers={"Content-Type": content_type})

    assert (response.status_code, list(response.json())) == (status, ["detail"])
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Who may
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [{"text": "x"}, {}, None], ids=str)
def test_is_of_somebody_and_a_key_is_nobody(api: Api, issue: Issue, body: object) -> None:
    path = write(api, issue)
    before = snapshot()

    for method, where in (("POST", notes_of(issue)), ("PUT", path), ("DELETE", path)):
        response = api.request(method, where, body)
        assert (response.status_code, response.json()) == (403, NOBODY), method
    assert snapshot() == before


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_of_somebody_else_stays(api: Api, issue: Issue, method: str) -> None:
    path = write(api, issue)
    before = snapshot()

    response = api.request(method, path, {"text": "x"}, auth="sam")

    assert (response.status_code, response.json()) == (403, NOT_YOURS)
    assert snapshot() == before


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_of_a_user_who_is_gone_belongs_to_nobody(api: Api, issue: Issue, sam: User, method: str) -> None:
    path = write(api, issue, auth="sam")
    sam.delete()
    before = snapshot()

    response = api.request(method, path, {"text": "x"}, auth="jane")

    assert (response.status_code, response.json()) == (403, NOT_YOURS)
    assert snapshot() == before
    assert [note["user"] for note in api.get(notes_of(issue)).json()] == [None]
    assert api.get(f"{ISSUES}{issue.pk}/").json()["activity"][0]["user"] is None
    assert comments(issue) == (1, 1)


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("event:read", {"GET"}),
        ("event:write", {"GET", "POST", "PUT"}),
        ("event:admin", {"GET", "POST", "PUT", "DELETE"}),
    ],
)
def test_needs_a_scope_for_each_method(api: Api, issue: Issue, jane: User, scope: str, allowed: set[str]) -> None:
    path = write(api, issue)
    token = "sntryu_" + "d" * 64
    ApiTokenFactory(user=jane, secret=token, scopes=[scope])
    done = {"GET": 200, "POST": 201, "PUT": 200, "DELETE": 204}

    for method, where in (("GET", notes_of(issue)), ("POST", notes_of(issue)), ("PUT", path), ("DELETE", path)):
        response = api.request(method, where, {"text": "x"}, headers={"Authorization": bearer(token)})
        assert response.status_code == (done[method] if method in allowed else 403), method


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_is_not_found_by_strangers(api: Api, issue: Issue, method: str) -> None:
    path = write(api, issue) if method in {"PUT", "DELETE"} else notes_of(issue)
    before = snapshot()

    for where in (path, path.replace(ISSUES, LEGACY), path.replace(str(issue.pk), "PUMP-STATION-1A", 1)):
        response = api.request(method, where, {"text": "x"}, auth="kit")
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Editing and deleting one's own
# ---------------------------------------------------------------------------------------------------------------------


def test_is_edited_by_who_wrote_it(api: Api, issue: Issue, jane: User) -> None:
    other = write(api, issue, "Another.")
    path = write(api, issue)
    later = ActivityFactory(issue=issue)
    before = snapshot()

    response = api.put(path, {"text": " It was the valve. "}, auth="jane")

    note = Activity.objects.get(data={"text": "It was the valve."})
    assert (response.status_code, response.json()) == (
        200,
        {
            "id": path.split("/")[-2],
            "issueId": str(issue.pk),
            "type": "note",
            "data": {"text": "It was the valve."},
            "user": person(jane),
            "dateCreated": iso(note.created_at),
        },
    )
    before["issues_activity"][note.pk]["data"] = {"text": "It was the valve."}
    assert snapshot() == before
    assert [item["id"] for item in api.get(f"{ISSUES}{issue.pk}/activities/").json()["activity"]] == [
        str(later.pk),
        str(note.pk),
        other.split("/")[-2],
    ]


def test_is_deleted_by_who_wrote_it(api: Api, issue: Issue) -> None:
    write(api, issue)
    before = snapshot()
    path = write(api, issue)

    response = api.delete(path, auth="jane")

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Allow"] == "PUT, DELETE, OPTIONS"
    assert snapshot() == before
    assert comments(issue) == (1, 1)
    again = api.delete(path, auth="jane")
    assert (again.status_code, again.json()) == (404, NOT_FOUND)
    assert comments(issue) == (1, 1)


@pytest.mark.parametrize("word", ["0", "-1", "9223372036854775807", "9" * 30, "9" * 5000, "x", "%00", "1%00", "\u0661"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_that_is_none_is_not_found(api: Api, issue: Issue, method: str, word: str) -> None:
    before = snapshot()

    response = api.request(method, f"{notes_of(issue)}{word}/", {"text": "x"}, auth="jane")

    assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert snapshot() == before


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_of_another_issue_is_not_found(
    api: Api, issue: Issue, project: Project, other_project: Project, method: str
) -> None:
    elsewhere = [IssueFactory(project=where, short_number=7) for where in (project, other_project)]
    ids = [write(api, other).split("/")[-2] for other in elsewhere]
    before = snapshot()

    for pk in ids:
        response = api.request(method, f"{notes_of(issue)}{pk}/", {"text": "x"}, auth="jane")
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert snapshot() == before


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_is_no_other_activity(api: Api, issue: Issue, jane: User, method: str) -> None:
    resolved = ActivityFactory(issue=issue, user=jane)
    before = snapshot()

    response = api.request(method, f"{notes_of(issue)}{resolved.pk}/", {"text": "x"}, auth="jane")

    assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert snapshot() == before


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("query", ["id=1", "preview=true", "foo"])
def test_refuses_parameters_when_it_is_changed(api: Api, issue: Issue, method: str, query: str) -> None:
    path = write(api, issue)
    before = snapshot()

    response = api.request(method, path, {"text": "x"}, auth="jane", raw_query=query)

    name = query.partition("=")[0]
    assert response.status_code == 400
    assert response.json() == {"detail": f'Unknown query parameter "{name}". Nothing was changed.'}
    assert snapshot() == before


@pytest.mark.parametrize("method", ["GET", "PATCH", "POST"])
def test_is_not_read_alone(api: Api, issue: Issue, method: str) -> None:
    path = write(api, issue)

    response = api.request(method, path, {"text": "x"}, auth="jane")

    assert (response.status_code, response.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
    assert response.headers["Allow"] == "PUT, DELETE, OPTIONS"
