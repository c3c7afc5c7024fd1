"""Which issues the query of a PUT names (contract 1.3)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from issues.models import Issue
from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db

MAX_ID = 2**63 - 1
RESOLVE = {"status": "resolved"}
RESOLVED = {"status": "resolved", "statusDetails": {}}


def resolved_ids() -> list[int]:
    return list(Issue.objects.filter(status="resolved").order_by("id").values_list("id", flat=True))


def not_an_id(word: str) -> str:
    return f'"{word}" is not an id; ids are whole numbers from 1 to 9223372036854775807.'


def not_a_status(word: str) -> str:
    return f'"{word}" is not a status; say one of unresolved, resolved, ignored.'


# ---------------------------------------------------------------------------------------------------------------------
# id
# ---------------------------------------------------------------------------------------------------------------------

# ``{id}`` is the issue's id, ``{encoded}`` the same with every digit percent-encoded
NAMING = {
    "plain": "id={id}",
    "twice": "id={id}&id={id}",
    "a leading zero": "id=0{id}",
    "leading zeros": "id=00000000000000000000000000{id}",
    "thousands of leading zeros": "id=" + "0" * 5000 + "{id}",
    "twice, once with zeros": "id={id}&id=0{id}",
    "percent-encoded digits": "id={encoded}",
    "percent-encoded name": "%69%64={id}",
    "empty parts": "&&id={id}&&",
}


@pytest.mark.parametrize("query", NAMING.values(), ids=NAMING)
def test_names_one_issue(api: Api, project: Project, query: str) -> None:
    issue, _ = IssueFactory(project=project), IssueFactory(project=project)
    encoded = "".join(f"%3{digit}" for digit in str(issue.pk))

    response = api.put(api.issues_url, RESOLVE, raw_query=query.format(id=issue.pk, encoded=encoded))

    assert (response.status_code, response.json()) == (200, RESOLVED)
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "1")
    assert resolved_ids() == [issue.pk]


def test_names_several_issues_in_any_order(api: Api, project: Project) -> None:
    ids = [IssueFactory(project=project).pk for _ in range(4)]

    response = api.put(api.issues_url, RESOLVE, ids=[ids[3], ids[0], ids[1], ids[0]])

    assert (response.status_code, response.json()) == (200, RESOLVED)
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("3", "3")
    assert resolved_ids() == [ids[0], ids[1], ids[3]]


def test_names_the_largest_id(api: Api, project: Project) -> None:
    IssueFactory(project=project, id=MAX_ID)

    response = api.put(api.issues_url, RESOLVE, raw_query=f"id={MAX_ID}")

    assert (response.status_code, response.headers["Issues-Changed"]) == (200, "1")
    assert resolved_ids() == [MAX_ID]


def test_names_ten_thousand_issues(api: Api, project: Project) -> None:
    Issue.objects.bulk_create(
        Issue(project=project, short_number=n, own_first_seen=NOW, own_last_seen=NOW, first_seen=NOW, last_seen=NOW)
        for n in range(1, 10_001)
    )
    ids = list(Issue.objects.values_list("id", flat=True))

    response = api.put(api.issues_url, RESOLVE, ids=ids)

    assert (response.status_code, response.json()) == (200, RESOLVED)
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("10000", "10000")
    assert len(resolved_ids()) == 10_000


# what stands after ``id=`` -> how the answer quotes it
NO_IDS = {
    "empty": ("", ""),
    "a word": ("abc", "abc"),
    "zero": ("0", "0"),
    "zeros": ("000", "000"),
    "a minus": ("-1", "-1"),
    "a plus": ("%2B1", "+1"),
    "a plus, which means a blank": ("+1", " 1"),
    "a blank before": ("%201", " 1"),
    "a blank after": ("1%20", "1 "),
    "a line feed after": ("1%0A", "1\n"),
    "NUL after": ("1%00", "1\0"),
    "a fraction": ("1.0", "1.0"),
    "an exponent": ("1e3", "1e3"),
    "hexadecimal": ("0x1", "0x1"),
    "an underscore": ("1_0", "1_0"),
    "a comma": ("1,2", "1,2"),
    "a semicolon": ("1;id=2", "1;id=2"),
    "Arabic digits": ("%D9%A1", "\u0661"),
    "a full-width digit": ("%EF%BC%91", "\uff11"),
    "a superscript digit": ("%C2%B2", "²"),
    "one more than 64 bits": ("9223372036854775808", "9223372036854775808"),
    "twenty digits": ("10000000000000000000", "10000000000000000000"),
    "a thousand digits": ("9" * 1000, "9" * 40),
    "a user": ("user:1", "user:1"),
    "a short id": ("PUMP-STATION-1", "PUMP-STATION-1"),
    "null": ("null", "null"),
    "broken percent-encoding": ("%3", "%3"),
    "no UTF-8": ("%FF", "\ufffd"),
}


@pytest.mark.parametrize(("word", "quoted"), NO_IDS.values(), ids=NO_IDS)
def test_refuses_what_is_no_id(api: Api, project: Project, word: str, quoted: str) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, RESOLVE, ids=[issue.pk], raw_query=f"id={word}")

    assert (response.status_code, response.json()) == (400, {"id": [not_an_id(quoted)]})
    assert snapshot() == before


@pytest.mark.parametrize("query", ["id", "id=", "id=&id="])
def test_never_takes_an_empty_id_for_update_all(api: Api, project: Project, query: str) -> None:
    IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, RESOLVE, raw_query=query)

    assert (response.status_code, response.json()) == (400, {"id": [not_an_id("")] * (query.count("id"))})
    assert snapshot() == before


def test_names_every_wrong_id_up_to_ten(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, RESOLVE, ids=[issue.pk], raw_query="&".join(f"id=word{n}" for n in range(11)))

    assert (response.status_code, response.json()) == (400, {"id": [not_an_id(f"word{n}") for n in range(10)]})
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Unknown parameters
# ---------------------------------------------------------------------------------------------------------------------

NOTHING_CHANGED = "Nothing was changed."
REPEAT_ID = "Repeat id instead: ?id=1&id=2."

# query -> the name that the answer quotes, and its hint
UNKNOWN = {
    "PHP's array": ("id[]=1", "id[]", REPEAT_ID),
    "PHP's array, encoded": ("id%5B%5D=1", "id[]", REPEAT_ID),
    "an index": ("id[0]=1", "id[0]", REPEAT_ID),
    "plural": ("ids=1,2", "ids", REPEAT_ID),
    "plural array": ("ids[]=1", "ids[]", REPEAT_ID),
    "capital": ("Id=1", "Id", REPEAT_ID),
    "capitals": ("ID=1", "ID", REPEAT_ID),
    "a blank before": ("+id=1", " id", REPEAT_ID),
    "a blank after": ("id+=1", "id ", REPEAT_ID),
    "another word": ("issue=1", "issue", REPEAT_ID),
    "no name": ("=1", "", NOTHING_CHANGED),
    "no value": ("foo", "foo", NOTHING_CHANGED),
    "a bare number": ("1", "1", NOTHING_CHANGED),
    "Status": ("Status=resolved", "Status", NOTHING_CHANGED),
    "statuses": ("statuses=resolved", "statuses", NOTHING_CHANGED),
    "status array": ("status[]=resolved", "status[]", NOTHING_CHANGED),
    "organization route: project": ("project=1", "project", NOTHING_CHANGED),
    "GET: cursor": ("cursor=0:0:0", "cursor", NOTHING_CHANGED),
    "GET: limit": ("limit=10", "limit", NOTHING_CHANGED),
    "a long name": ("a" * 100 + "=1", "a" * 40, NOTHING_CHANGED),
    "no UTF-8": ("%FF=1", "\ufffd", NOTHING_CHANGED),
    "NUL": ("id%00=1", "id\0", REPEAT_ID),
    "the first of two": ("foo=1&bar=2", "foo", NOTHING_CHANGED),
}


@pytest.mark.parametrize(("query", "name", "hint"), UNKNOWN.values(), ids=UNKNOWN)
def test_refuses_an_unknown_parameter(api: Api, project: Project, query: str, name: str, hint: str) -> None:
    IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, RESOLVE, raw_query=query)

    assert response.status_code == 400
    assert response.json() == {"detail": f'Unknown query parameter "{name}". {hint}'}
    assert snapshot() == before


def test_refuses_an_unknown_parameter_beside_ids(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, RESOLVE, ids=[issue.pk], raw_query="foo=1")

    assert response.status_code == 400
    assert response.json() == {"detail": 'Unknown query parameter "foo". Nothing was changed.'}
    assert snapshot() == before


@pytest.mark.parametrize("query", ["id=x&status=y&foo=1", "foo=1&id=x&status=y", "id=x&foo=1&status=y"])
def test_lets_an_unknown_parameter_win_over_errors_of_known_ones(api: Api, project: Project, query: str) -> None:
    IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, RESOLVE, raw_query=query)

    assert response.status_code == 400
    assert response.json() == {"detail": 'Unknown query parameter "foo". Nothing was changed.'}
    assert snapshot() == before


def test_refuses_a_wrong_id_and_a_wrong_status_together(api: Api, project: Project) -> None:
    IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, RESOLVE, raw_query="id=x&status=y")

    assert response.status_code == 400
    assert response.json() == {"id": [not_an_id("x")], "status": [not_a_status("y")]}
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# status
# ---------------------------------------------------------------------------------------------------------------------

# query -> which of four issues it leaves
STATUSES = {
    "none": ("", {"unresolved", "resolved", "ignored", "woken"}),
    "unresolved": ("status=unresolved", {"unresolved", "woken"}),
    "resolved": ("status=resolved", {"resolved"}),
    "ignored": ("status=ignored", {"ignored"}),
    "muted": ("status=muted", {"ignored"}),
    "two": ("status=resolved&status=ignored", {"resolved", "ignored"}),
    "all three": (
        "status=resolved&status=ignored&status=unresolved",
        {"unresolved", "resolved", "ignored", "woken"},
    ),
    "repeated": ("status=resolved&status=resolved", {"resolved"}),
    "both names of one": ("status=muted&status=ignored", {"ignored"}),
    "percent-encoded": ("%73tatus=%72esolved", {"resolved"}),
}


@pytest.fixture
def by_status(project: Project) -> dict[str, int]:
    """The ids of one issue in each state; ``woken`` is ignored, but its snooze has run out."""
    return {
        "unresolved": IssueFactory(project=project).pk,
        "resolved": IssueFactory(project=project, resolved_in_release=True).pk,
        "ignored": IssueFactory(project=project, ignored=True).pk,
        "woken": IssueFactory(project=project, ignored=True, snooze_ends_at=timezone.now() - timedelta(hours=1)).pk,
    }


@pytest.mark.parametrize(("query", "left"), STATUSES.values(), ids=STATUSES)
def test_narrows_named_issues_by_status(
    api: Api, project: Project, by_status: dict[str, int], query: str, left: set[str]
) -> None:
    filtered_away = [pk for name, pk in by_status.items() if name not in left]
    before = snapshot(filtered_away)

    response = api.put(api.issues_url, {"isPublic": True, "hasSeen": True}, ids=by_status.values(), raw_query=query)

    assert response.status_code == 200
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == (str(len(left)),) * 2
    public_ids = Issue.objects.filter(share_id__isnull=False).values_list("id", flat=True)
    assert set(public_ids) == {by_status[name] for name in left}
    assert snapshot(filtered_away) == before


@pytest.mark.parametrize(("query", "left"), STATUSES.values(), ids=STATUSES)
def test_narrows_update_all_by_status(
    api: Api, project: Project, by_status: dict[str, int], query: str, left: set[str]
) -> None:
    filtered_away = [pk for name, pk in by_status.items() if name not in left]
    before = snapshot(filtered_away)

    response = api.put(api.issues_url, RESOLVE, raw_query=query)

    assert response.status_code == 200
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == (str(len(left)),) * 2
    plainly_resolved = Issue.objects.filter(status="resolved", resolution_kind=None).values_list("id", flat=True)
    assert set(plainly_resolved) == {by_status[name] for name in left}
    assert snapshot(filtered_away) == before


def test_succeeds_when_the_status_leaves_nothing_of_the_named(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {"isPublic": True}, ids=[issue.pk], raw_query="status=ignored")

    assert (response.status_code, response.json()) == (200, {"isPublic": True})
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("0", "0")
    assert "Mutation-Id" not in response.headers
    assert snapshot() == before


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        pytest.param("status=", [""], id="empty"),
        pytest.param("status", [""], id="no value"),
        pytest.param("status=open", ["open"], id="a word"),
        pytest.param("status=Resolved", ["Resolved"], id="a capital"),
        pytest.param("status=resolved%20", ["resolved "], id="a blank"),
        pytest.param("status=resolved,ignored", ["resolved,ignored"], id="a comma"),
        pytest.param("status=resolvedInNextRelease", ["resolvedInNextRelease"], id="a wish, no status"),
        pytest.param("status=resolved&status=b&status=a", ["a", "b"], id="one right, two wrong"),
        pytest.param("status=%00", ["\0"], id="NUL"),
    ],
)
def test_refuses_what_is_no_status(api: Api, project: Project, query: str, wrong: list[str]) -> None:
    IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, RESOLVE, raw_query=query)

    assert (response.status_code, response.json()) == (400, {"status": [not_a_status(word) for word in wrong]})
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Out of scope
# ---------------------------------------------------------------------------------------------------------------------


def deleted_id(project: Project) -> int:
    issue = IssueFactory(project=project, text=None)
    pk: int = issue.pk
    issue.delete()
    return pk


OUT_OF_SCOPE: dict[str, Callable[[Project, Project, Project], int]] = {
    "of another project": lambda project, other, stranger: IssueFactory(project=other).pk,
    "of another organization": lambda project, other, stranger: IssueFactory(project=stranger).pk,
    "of nobody": lambda project, other, stranger: MAX_ID,
    "deleted": lambda project, other, stranger: deleted_id(project),
    "merged into another": lambda project, other, stranger: IssueFactory(merged_into=IssueFactory(project=project)).pk,
}
BODIES = {
    "status": RESOLVE,
    "nothing": {},
    "isPublic": {"isPublic": True},
    "merge": {"merge": True},
    "unmerge and more": {"merge": False, "isPublic": True},
    "everything": {
        "status": "ignored",
        "assignedTo": "jane",
        "isPublic": True,
        "hasSeen": True,
        "isBookmarked": True,
        "isSubscribed": True,
        "merge": True,
    },
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("make", OUT_OF_SCOPE.values(), ids=OUT_OF_SCOPE)
def test_changes_nothing_when_an_id_is(
    api: Api,
    project: Project,
    other_project: Project,
    stranger_project: Project,
    make: Callable[[Project, Project, Project], int],
    body: object,
) -> None:
    issue_ids = [IssueFactory(project=project).pk for _ in range(2)]
    outsider = make(project, other_project, stranger_project)
    before = snapshot()

    response = api.put(api.issues_url, body, ids=[*issue_ids, outsider], auth="jane")

    assert (response.status_code, response.content) == (204, b"")
    assert "Content-Type" not in response.headers
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("0", "0")
    assert response.headers["Issues-Out-Of-Scope"] == str(outsider)
    assert "Mutation-Id" not in response.headers
    assert snapshot() == before


@pytest.mark.parametrize("query", ["status=unresolved", "status=resolved"])
def test_changes_nothing_when_an_id_is_out_of_scope_whatever_the_status_leaves(
    api: Api, project: Project, other_project: Project, query: str
) -> None:
    issue = IssueFactory(project=project)
    outsider = IssueFactory(project=other_project)
    before = snapshot()

    response = api.put(api.issues_url, {"status": "ignored"}, ids=[issue.pk, outsider.pk], raw_query=query)

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Issues-Out-Of-Scope"] == str(outsider.pk)
    assert snapshot() == before


def test_names_the_first_twenty_that_are_out_of_scope(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    outsiders = range(issue.pk + 1, issue.pk + 22)
    before = snapshot()

    response = api.put(api.issues_url, RESOLVE, ids=[*reversed(outsiders), issue.pk])

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Issues-Out-Of-Scope"] == ",".join(str(pk) for pk in outsiders[:20])
    assert snapshot() == before


def test_finds_the_children_gone_when_a_merge_is_sent_twice(api: Api, project: Project) -> None:
    parent, child = IssueFactory(project=project), IssueFactory(project=project)

    first = api.put(api.issues_url, {"merge": True}, ids=[parent.pk, child.pk])
    before = snapshot()
    second = api.put(api.issues_url, {"merge": True}, ids=[parent.pk, child.pk])

    assert first.status_code == 200
    assert (second.status_code, second.content) == (204, b"")
    assert second.headers["Issues-Out-Of-Scope"] == str(child.pk)
    assert snapshot() == before


def test_finds_a_hidden_child_when_the_body_only_unmerges(api: Api, project: Project) -> None:
    parent = IssueFactory(project=project)
    child = IssueFactory(merged_into=parent)

    response = api.put(api.issues_url, {"merge": False}, ids=[child.pk])

    assert (response.status_code, response.json()) == (200, {"merge": False})
    child.refresh_from_db()
    assert child.merged_into_id is None


def test_finds_a_hidden_child_when_the_body_only_unmerges_beside_unknown_keys(api: Api, project: Project) -> None:
    child = IssueFactory(merged_into=IssueFactory(project=project))

    response = api.put(api.issues_url, {"merge": False, "note": "ongoing"}, ids=[child.pk])

    assert (response.status_code, response.json()) == (200, {"merge": False})
    child.refresh_from_db()
    assert child.merged_into_id is None
