"""Which issues the query of a PUT names (contract 1.3)."""

import pytest

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


def test_names_thousands_of_issues(api: Api, project: Project) -> None:
    Issue.objects.bulk_create(
        Issue(project=project, short_number=n, own_first_seen=NOW, own_last_seen=NOW, first_seen=NOW, last_seen=NOW)
        for n in range(1, 3_001)
    )
    ids = list(Issue.objects.values_list("id", flat=True))

    response = api.put(api.issues_url, RESOLVE, ids=ids)

    assert (response.status_code, response.json()) == (200, RESOLVED)
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("3000", "3000")
    assert len(resolved_ids()) == 3_000


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
