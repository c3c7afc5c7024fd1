"""A search never guesses: for every key and whatever nonsense, it is a 400, or what holds and what doesn't is all.

And what PUT and DELETE take by a name is there. Of the nonsense that is understood, which most keys take for some text,
each key is asked a fifth; of many values that make sense, in all their forms, a third. Keys of one kind stand side by
side, and are asked the other fifths and the other thirds. What is read as the same term as another is asked once.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import quote

import pytest

from issues.models import Environment, IssueEnvironment
from issues.search import BadTerm, parse
from issues.search.keys import KEYS
from projects.models import Project, Team, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import (
    NOW,
    IssueBookmarkFactory,
    IssueFactory,
    OrganizationMemberFactory,
    ReleaseFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

# Values that mean something for each key, everything that is there has an issue.
SENSE = {
    "is": ["unresolved", "bookmarked", "archived_forever"],
    "assigned": ["me", "jane", "sam@example.com", "user:1", "#powerful-abolitionist"],
    "bookmarks": ["me"],
    "level": ["fatal"],
    "priority": ["high"],
    "platform": ["python"],
    "logger": ["pump.motor"],
    "release": ["web@1.0", "latest"],
    "firstRelease": ["web@1.0", "latest"],
    "environment": ["production"],
    "timesSeen": ["5", ">4"],
    "userCount": ["5"],
    "age": ["-24h"],
    "firstSeen": [">=2026-01-31", "-24h"],
    "lastSeen": ["<2026-01-31T10:00:00+02:00"],
    "id": ["1"],
    "project": ["pump-station"],
    "title": ["TypeError"],
    "message": ["me"],
    "issue.type": ["error"],
    "issue.category": ["error"],
}
NONSENSE = [
    *("", " ", '""', '" "', "''", "*", "**", '"*"', "?", "%", "_", "\\", '"\\"', '"\\\\"', "/", "#", ":", "::", "a:b"),
    *("!", "!a", "!!a", "-", "--1", "+", "+-1h", "=", "==5", ">", ">=", "<>5", ">error", ">=jane", "=me", "<latest"),
    *("[", "]", "[]", "[,]", "[a", "a]", "[a,]", "[,a]", "[[a]]", "[a b]", "[a, ,b]", "(a)", "(", ")", "[(a)]", '["]'),
    *("AND", "OR", "NOT", "null", "None", "true", "undefined", "NaN", "0", "-1", "1.5", "1e3", "0x10", "9" * 30),
    *("\u0665", "\uff15", "\u00b2", "\u0435rror", "\uff45rror", "\u00ebrror", "ошибка", "エラー", "خطأ", "🐛"),
    *(
        "\u0130s",
        "\u017fam",
        "ß",
        "\u200b",
        "e\u0301",
        "a\u00a0b",
        "\ufeff",
        "\u2028",
        "a\tb",
        "\ufffd",
        "\x00",
        "\x1f",
    ),
    *("\x1f", "\x7f", "x" * 300, "x" * 1900, "-24", "-24y", "24h", "-h", "+99999w", ">2026-13-01", ">2026-02-30"),
    *(
        ">9999-12-31T23:59:59-15:59",
        ">0001-01-01T00:00:00+15:59",
        ">2026-01-01T00:00:00+16:00",
        ">2026-01-01T00:00+99:99",
    ),
]
NAMES = {"assigned", "release", "firstRelease", "environment", "platform", "logger", "id", "project"}
ORGANIZATION_ISSUES = "/api/0/organizations/the-interstellar-jurisdiction/issues/"


def sense_of(key: str) -> Iterator[str]:
    """Yield values: sensible ones, each misspelt, starred, bracketed, compared, quoted."""
    for word in SENSE[key]:
        yield from (word, word.upper(), word[:-1], word[1:], f"{word}{word[-1]}", word[::-1], f"{word}\u0301")
        yield from (f"{word}*", f"*{word}", f"{word[:2]}*{word[2:]}", f"{word}**", f'"{word}*"', f'"{word}"')
        yield from (f"[{word}]", f"[{word},{word}x]", f"[ {word} , none ]", f'["{word}"]', f"({word})")
        yield from (f">{word}", f">={word}", f"<{word}", f"={word}", f"!{word}", f"-{word}")
        yield from (f"{word},{word}", f"{word};", f"[{word}]x", f"{word}[x]")


def understood_of(texts: Iterable[str]) -> list[str]:
    """Return those that are understood, without what means the same as one before."""
    found = {repr(parse(text, user_id=1, of_organization=True)): text for text in texts if is_one_term(text)}
    return list(found.values())


def is_one_term(term: str) -> bool:
    """Return whether it is understood, and as one term, which a ! before it negates."""
    try:
        return len(parse(term, user_id=1, of_organization=True)) == 1
    except BadTerm:
        with pytest.raises(BadTerm):
            parse(f"!{term}", user_id=1, of_organization=True)
        return False


@pytest.fixture
def everything(project: Project, jane: User, sam: User, team: Team, other_team: Team) -> list[int]:
    team.members.add(jane)
    release = ReleaseFactory(projects=[project], version="web@1.0")
    lee = UserFactory(username="lee")
    OrganizationMemberFactory(organization=project.organization, user=lee)
    issues = [
        *(IssueFactory(project=project, assignee_user=user) for user in (jane, sam, lee)),
        *(IssueFactory(project=project, assignee_team=each) for each in (team, other_team)),
        IssueFactory(
            project=project, platform="python", logger="pump.motor", level="fatal", priority="high", own_times_seen=5
        ),
        IssueFactory(project=project, own_first_release=release, text__title="TypeError: me", public=True),
        IssueFactory(project=project, ignored=True, snooze_ends_at_times_seen=9, own_users_seen=5),
        IssueFactory(project=project, resolved=True),
    ]
    IssueFactory(merged_into=issues[-1], platform="python")
    IssueBookmarkFactory(issue=issues[0], user=jane)
    environment = Environment.objects.create(project=project, name="production")
    IssueEnvironment.objects.create(
        project=project, issue=issues[0], environment=environment, first_seen=NOW, last_seen=NOW, times_seen=1
    )
    return [issue.pk for issue in issues]


def found(api: Api, query: str) -> set[int]:
    """Return what a list has."""
    response = api.get(ORGANIZATION_ISSUES, raw_query=f"query={quote(query)}", auth="jane")
    assert response.status_code == 200, query
    return {int(item["id"]) for item in response.json()}


def matched(api: Api, method: str, query: str, ids: list[int]) -> int | None:
    """Return how many a change is about; None for a 400 that names a term."""
    raw_query = f"query={quote(query)}&preview=true"
    response = api.request(method, ORGANIZATION_ISSUES, {}, ids=ids, raw_query=raw_query, auth="jane")
    if response.status_code == 400:
        assert response.json()["detail"].startswith("Search term "), response.json()
        return None
    assert response.status_code in {200, 204}, query
    return int(response.headers["Issues-Matched"])


def test_every_key_is_tried() -> None:
    assert set(SENSE) == set(KEYS)


@pytest.mark.parametrize("key", SENSE)
def test_is_refused_or_adds_up(api: Api, everything: list[int], key: str) -> None:
    before = snapshot()
    number = list(SENSE).index(key)
    sense = understood_of(f"{key}:{value}" for value in sense_of(key))
    sense = sense[number % 3 :: 3] if len(sense) > 20 else sense
    nonsense = understood_of(f"{key}:{value}" for value in NONSENSE)[number % 5 :: 5]
    for turn, term in enumerate((*sense, *nonsense)):
        positive, negated = found(api, term), found(api, f"!{term}")
        # A list and a change share what a term means; PUT and DELETE also how names are found, so they take turns.
        said, right = (f"!{term}", negated) if turn % 2 else (term, positive)
        count = matched(api, "DELETE" if turn // 2 % 2 else "PUT", said, everything)

        assert positive & negated == set(), term
        assert positive | negated == set(everything), term
        if count is None:  # a name that is not there, in a list perhaps
            assert key in NAMES, term
        else:
            assert count == len(right), said
            assert positive or key not in NAMES or '"' in term, f"{term} is not there"
    assert sense
    assert snapshot() == before


def test_words_alone_are_refused_or_add_up(api: Api, everything: list[int]) -> None:
    # Of these keys, whose values have all the marks that some key understands: alone, each value is but a word.
    values = [value for key in ("title", "release", "age", "timesSeen") for value in sense_of(key)]
    words = [word for word in (*values, *NONSENSE) if len(word.split()) == 1 and not word.startswith("!")]
    for word in understood_of(words)[::4]:
        assert found(api, word) ^ found(api, f"!{word}") == set(everything), word


@pytest.mark.parametrize("key", ["has", "tags[a]", "user.email", "ключ"])
def test_no_other_key_is_understood(key: str) -> None:
    for value in ("high", "[high,low]", '"high"', "hi*", "*"):
        assert not is_one_term(f"{key}:{value}")
