"""The search language: what is read, and what is refused, by which words."""

from datetime import UTC, datetime, timedelta

import pytest

from issues.enums import IssueLevel, IssueStatus
from issues.search import AnyOf, BadTerm, Condition, Pattern, Term, parse
from issues.search.conditions import (
    HasCount,
    HasLevel,
    HasStatus,
    HasText,
    IsAnError,
    IsAssigned,
    IsAssignedTo,
    IsAssignedToNobody,
    IsAssignedToTeamsOf,
    IsBookmarked,
    IsIgnored,
    IsPublic,
    IsSeenAt,
    IsSeenWithin,
    NamesAssignee,
    NamesId,
    NamesLatestRelease,
    NamesProject,
    NamesRelease,
    NamesWord,
)

ME = 7
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def conditions(query: str) -> list[Condition]:
    return [term.condition for term in parse(query, user_id=ME, of_organization=True)]


def text(*parts: str) -> HasText:
    return HasText(Pattern(parts))


def version(*parts: str, first_only: bool = False, is_quoted: bool = False) -> NamesRelease:
    return NamesRelease(Pattern(parts), first_only, is_quoted)


READ: dict[str, list[Condition]] = {
    "": [],
    " \t\n ": [],
    "pump": [text("pump")],
    "  pump \u00a0 failure  ": [text("pump failure")],
    '"pump failure"': [text("pump failure")],
    '"TypeError: x"': [text("TypeError: x")],
    r'"say \"no\" \\ "': [text(r'say "no" \ ')],
    r'"C:\temp\new"': [text(r"C:\temp\new")],
    r'"\\\"\x"': [text(r"\"\x")],
    "a!b it's 50% _x* {z} -3 é 泵": [text("a!b it's 50% _x", " {z} -3 é 泵")],
    "a**b* *c": [text("a", "b", " ", "c")],
    '"a*b"': [text("a*b")],
    "PUMP-STATION-1A": [text("PUMP-STATION-1A")],
    "a or b and not c": [text("a or b and not c")],
    "is:unresolved": [HasStatus(IssueStatus.UNRESOLVED)],
    "is:Resolved": [HasStatus(IssueStatus.RESOLVED)],
    "IS:RESOLVED": [HasStatus(IssueStatus.RESOLVED)],
    "is:ignored": [HasStatus(IssueStatus.IGNORED)],
    'is:"ignored"': [HasStatus(IssueStatus.IGNORED)],
    "is:archived": [HasStatus(IssueStatus.IGNORED)],
    "is:muted": [HasStatus(IssueStatus.IGNORED)],
    "is:archived_forever": [IsIgnored(has_terms=False)],
    "is:archived_until_condition_met": [IsIgnored(has_terms=True)],
    "is:assigned": [IsAssigned()],
    "is:unassigned": [IsAssignedToNobody()],
    "is:bookmarked": [IsBookmarked(ME)],
    "is:public": [IsPublic()],
    "is:[public,ASSIGNED]": [AnyOf((IsPublic(), IsAssigned()))],
    "assigned:me": [IsAssignedTo((ME,))],
    "assigned:ME": [IsAssignedTo((ME,))],
    "assigned:my_teams": [IsAssignedToTeamsOf(ME)],
    "assigned:none": [IsAssignedToNobody()],
    "assigned:Jane": [NamesAssignee("Jane")],
    "assigned:jane@example.com": [NamesAssignee("jane@example.com")],
    "assigned:#captain-planet": [NamesAssignee("#captain-planet")],
    "assigned:user:1": [NamesAssignee("user:1")],
    'assigned:"jane of the hill"': [NamesAssignee("jane of the hill")],
    "assigned:[me, none,#x]": [AnyOf((IsAssignedTo((ME,)), IsAssignedToNobody(), NamesAssignee("#x")))],
    "assigned_or_suggested:me": [IsAssignedTo((ME,))],
    "bookmarks:me": [IsBookmarked(ME)],
    "bookmarks:[ME]": [IsBookmarked(ME)],
    "level:error": [HasLevel(IssueLevel.ERROR)],
    "LEVEL:Fatal": [HasLevel(IssueLevel.FATAL)],
    "level:[error,\tfatal ]": [AnyOf((HasLevel(IssueLevel.ERROR), HasLevel(IssueLevel.FATAL)))],
    "platform:python": [NamesWord("platform", Pattern(("python",)))],
    'platform:"py*"': [NamesWord("platform", Pattern(("py*",)), is_quoted=True)],
    "logger:pump.*.motor": [NamesWord("logger", Pattern(("pump.", ".motor")))],
    "release:web@1.0.0+5": [version("web@1.0.0+5")],
    "release:1.*": [version("1.", "")],
    'release:"1.*"': [version("1.*", is_quoted=True)],
    'release:"a b:c"': [version("a b:c", is_quoted=True)],
    "release:latest": [NamesLatestRelease()],
    "release:LATEST": [NamesLatestRelease()],
    'release:"latest"': [version("latest", is_quoted=True)],
    "release:[latest,1.0]": [AnyOf((NamesLatestRelease(), version("1.0")))],
    "firstRelease:1.0": [version("1.0", first_only=True)],
    "first-release:latest": [NamesLatestRelease(first_only=True)],
    "title:pump": [HasText(Pattern(("pump",)), title_only=True)],
    'title:["a*",b]': [
        AnyOf((HasText(Pattern(("a*",)), title_only=True), HasText(Pattern(("b",)), title_only=True))),
    ],
    "message:pump": [text("pump")],
    "issue.type:error": [IsAnError()],
    "issue.category:Error": [IsAnError()],
    "timesSeen:5": [HasCount("times_seen", "", 5)],
    "timesseen:5": [HasCount("times_seen", "", 5)],
    "timesSeen:>5": [HasCount("times_seen", ">", 5)],
    "timesSeen:>=05": [HasCount("times_seen", ">=", 5)],
    "timesSeen:<5": [HasCount("times_seen", "<", 5)],
    "timesSeen:<=999999999999999999": [HasCount("times_seen", "<=", 999999999999999999)],
    "userCount:>5": [HasCount("users_seen", ">", 5)],
    "age:-24h": [IsSeenWithin("first_seen", timedelta(hours=24))],
    "age:+7d": [IsSeenWithin("first_seen", timedelta(days=7), longer=True)],
    "firstSeen:-30m": [IsSeenWithin("first_seen", timedelta(minutes=30))],
    "lastSeen:+2w": [IsSeenWithin("last_seen", timedelta(weeks=2), longer=True)],
    "lastSeen:>2026-01-01": [IsSeenAt("last_seen", ">", NEW_YEAR)],
    "lastSeen:>=2026-01-01T00:00:00Z": [IsSeenAt("last_seen", ">=", NEW_YEAR)],
    "firstSeen:<2026-01-01T01:00+01:00": [IsSeenAt("first_seen", "<", NEW_YEAR)],
    'firstSeen:"<=2026-01-01 00:00"': [IsSeenAt("first_seen", "<=", NEW_YEAR)],
    "lastSeen:>2026-01-01T15:59:00+15:59": [IsSeenAt("last_seen", ">", NEW_YEAR)],
    "lastSeen:>2025-12-31T08:01:00-15:59": [IsSeenAt("last_seen", ">", NEW_YEAR)],
    # PostgreSQL reads no fractions of a second in an offset.
    "lastSeen:>2026-01-01T01:00:00.5+01:00:00.5": [IsSeenAt("last_seen", ">", NEW_YEAR)],
    "lastSeen:>0001-01-01T00:00:00+14:00": [IsSeenAt("last_seen", ">", datetime.min.replace(tzinfo=UTC))],
    "lastSeen:<9999-12-31T23:59:59-14:00": [IsSeenAt("last_seen", "<", datetime.max.replace(tzinfo=UTC))],
    "id:5": [NamesId(5)],
    f"id:00{2**63 - 1}": [NamesId(2**63 - 1)],
    "project:Pump-Station": [NamesProject("pump-station")],
    'is:public "a b" c': [IsPublic(), text("a b"), text("c")],
}


@pytest.mark.parametrize(("query", "expected"), READ.items(), ids=lambda value: str(value)[:30])
def test_reads(query: str, expected: list[Condition]) -> None:
    assert conditions(query) == expected


@pytest.mark.parametrize("word", ["pu*p", '"pump failure"', "is:public", 'release:"1 2"', "age:-1h", "id:[1,2]"])
def test_an_exclamation_mark_negates_a_term(word: str) -> None:
    (term,) = parse(word, user_id=ME)

    assert parse(f"!{word} {word}", user_id=ME) == (Term(term.condition, negated=True), term)


A_MOMENT = "say -24h, +7d or an ISO date or time, of an offset below 16 hours, after >, >=, < or <=."
A_NUMBER = "say a whole number, alone or after >, >=, < or <=."
AN_ID = "say a whole number from 1 to 9223372036854775807."
A_STATE = (
    "say one of unresolved, resolved, ignored, archived, muted, archived_forever, archived_until_condition_met, "
    "assigned, unassigned, public, bookmarked."
)
A_LEVEL = "say one of sample, debug, info, warning, error, fatal."
AN_AGE = "say -24h for younger, or +24h for older."
KEYS = (
    "Keys are age, assigned, bookmarks, firstRelease, firstSeen, id, is, issue.category, issue.type, lastSeen, level, "
    "logger, message, platform, project, release, timesSeen, title, userCount; quotes make a colon part of a text."
)
BRACKETS = "nothing is grouped by brackets; quotes make them text, and KEY:[a,b] is any of several."
A_LIST = "a list is KEY:[a,b]; it has an element at least, and none has brackets or a ! outside quotes."
NO_COMPARISON = "a comparison goes with a key, as in timesSeen:>5; quotes make it text."
NO_WORDS_COMPARED = "words can't be compared; quotes make it text."
NO_STARS = "* stands for anything in words and in release, firstRelease, platform and logger only; quotes make it text."
NEGATES = "a ! negates the word, the quotes or the filter that it stands right before, once."
NO_MINUS = "a - negates nothing, a ! does; quotes make a colon part of a text."
AN_ERROR = "say error; there are no others."


def no_operator(word: str) -> str:
    return f'all terms must hold, and there is no {word}; quotes make it text: "{word}".'


def everything(stars: str) -> str:
    return f"{stars} alone stands for everything; quotes make it text."


NO_VALUE = "nothing follows the colon; quotes make a colon part of a text."
NO_END = "a quote has no end."
QUOTES = "quotes hold spaces together and make a colon text."
NOTHING = "there is nothing between the quotes."
NUL = "it has a NUL character."
NOT_UTF_8 = "it has bytes that are not UTF-8, or the \ufffd that stands for such."

# query -> the term that is named, where it starts, and why
REFUSED: dict[str, tuple[str, int, str]] = {
    "is:open": ("is:open", 1, A_STATE),
    "is:": ("is:", 1, NO_VALUE),
    "is: unresolved": ("is:", 1, NO_VALUE),
    'is:""': ('is:""', 1, NOTHING),
    "!is:new": ("!is:new", 1, A_STATE),
    "pump is:new": ("is:new", 6, A_STATE),
    "foo:bar": ("foo:bar", 1, f"there is no key foo. {KEYS}"),
    "has:user": ("has:user", 1, f"there is no key has. {KEYS}"),
    "priority:high": ("priority:high", 1, f"there is no key priority. {KEYS}"),
    "browser.name:[a,b]": ("browser.name:[a,b]", 1, f"there is no key browser.name. {KEYS}"),
    "is:for_review": ("is:for_review", 1, A_STATE),
    "!is:linked": ("!is:linked", 1, A_STATE),
    "is:archived_until_escalating": ("is:archived_until_escalating", 1, A_STATE),
    "is:[resolved,open]": ("is:[resolved,open]", 1, A_STATE),
    "is:>resolved": ("is:>resolved", 1, A_STATE),
    "level:eror": ("level:eror", 1, A_LEVEL),
    "!level:eror": ("!level:eror", 1, A_LEVEL),
    "level:>=error": ("level:>=error", 1, A_LEVEL),
    "level:err*": ("level:err*", 1, A_LEVEL),
    "level:[error,eror]": ("level:[error,eror]", 1, A_LEVEL),
    'level:"error "': ('level:"error "', 1, A_LEVEL),
    "level:\u0435rror": ("level:\u0435rror", 1, A_LEVEL),  # a Cyrillic e
    "level:[]": ("level:[]", 1, A_LIST),
    "level:[ ]": ("level:[", 1, A_LIST),
    "level:[error": ("level:[error", 1, A_LIST),
    "a level:[error, [fatal]]": ("level:[error,", 3, A_LIST),
    "level:[!error]": ("level:[!error]", 1, A_LIST),
    "level:[error]x": ("level:[error]x", 1, A_LIST),
    'level:[""]': ('level:[""]', 1, NOTHING),
    "issue.type:performance": ("issue.type:performance", 1, AN_ERROR),
    "!issue.category:errors": ("!issue.category:errors", 1, AN_ERROR),
    "timesSeen:[1,2]": ("timesSeen:[1,2]", 1, "timesSeen takes one value, and no list."),
    "age:[-24h]": ("age:[-24h]", 1, "age takes one value, and no list."),
    "lastSeen:[-24h]": ("lastSeen:[-24h]", 1, "lastSeen takes one value, and no list."),
    "is:unresolved NOT gauge": ("NOT", 15, no_operator("NOT")),
    "level:error OR level:fatal": ("OR", 13, no_operator("OR")),
    "a AND b": ("AND", 3, no_operator("AND")),
    "!OR": ("!OR", 1, no_operator("OR")),
    "(a b)": ("(a", 1, BRACKETS),
    "x !(a)": ("!(a)", 3, BRACKETS),
    "foo(bar)": ("foo(bar)", 1, BRACKETS),
    "a]": ("a]", 1, BRACKETS),
    "level:error)": ("level:error)", 1, BRACKETS),
    ">3": (">3", 1, NO_COMPARISON),
    "a <z>": ("<z>", 3, NO_COMPARISON),
    "=": ("=", 1, NO_COMPARISON),
    "*": ("*", 1, everything("*")),
    "a ** b": ("**", 3, everything("**")),
    "!*": ("!*", 1, everything("*")),
    "release:*": ("release:*", 1, everything("*")),
    "platform:[a,*]": ("platform:[a,*]", 1, everything("*")),
    "assigned:ja*": ("assigned:ja*", 1, NO_STARS),
    "title:pu*": ("title:pu*", 1, NO_STARS),
    "message:[a,pu*]": ("message:[a,pu*]", 1, NO_STARS),
    "project:p*": ("project:p*", 1, NO_STARS),
    "assigned:>a": ("assigned:>a", 1, NO_WORDS_COMPARED),
    "release:>=1.0": ("release:>=1.0", 1, NO_WORDS_COMPARED),
    "platform:[a,<b]": ("platform:[a,<b]", 1, NO_WORDS_COMPARED),
    "title:=a": ("title:=a", 1, NO_WORDS_COMPARED),
    "release:!1.0": ("release:!1.0", 1, QUOTES),
    "-is:resolved": ("-is:resolved", 1, NO_MINUS),
    "lastSeen:>2026-01-01T00:00:00+16:00": ("lastSeen:>2026-01-01T00:00:00+16:00", 1, A_MOMENT),
    "firstSeen:<2026-01-01T00:00:00-23:59": ("firstSeen:<2026-01-01T00:00:00-23:59", 1, A_MOMENT),
    "lastSeen:>٢٠٢٦-01-01": ("lastSeen:>٢٠٢٦-01-01", 1, A_MOMENT),
    "userCount:many": ("userCount:many", 1, A_NUMBER),
    r'"a\"': (r'"a\"', 1, NO_END),
    "  !is:new": ("!is:new", 3, A_STATE),
    "issue.priority:high": ("issue.priority:high", 1, f"there is no key issue.priority. {KEYS}"),
    "http://example.com": ("http://example.com", 1, f"there is no key http. {KEYS}"),
    "TypeError: x": ("TypeError:", 1, NO_VALUE),
    "a b c: d": ("c:", 5, NO_VALUE),
    "bookmarks:jane": ("bookmarks:jane", 1, "say me; other people's bookmarks are theirs."),
    "timesSeen:many": ("timesSeen:many", 1, A_NUMBER),
    "timesSeen:-5": ("timesSeen:-5", 1, A_NUMBER),
    "timesSeen:1.5": ("timesSeen:1.5", 1, A_NUMBER),
    "timesSeen:>": ("timesSeen:>", 1, A_NUMBER),
    "timesSeen:=5": ("timesSeen:=5", 1, A_NUMBER),
    "timesSeen:>>5": ("timesSeen:>>5", 1, A_NUMBER),
    "timesSeen:\u0665": ("timesSeen:\u0665", 1, A_NUMBER),
    "timesSeen:9999999999999999999": ("timesSeen:9999999999999999999", 1, A_NUMBER),
    'timesSeen:"> 5"': ('timesSeen:"> 5"', 1, A_NUMBER),
    "age:24h": ("age:24h", 1, AN_AGE),
    "age:>2026-01-01": ("age:>2026-01-01", 1, AN_AGE),
    "age:-24": ("age:-24", 1, A_MOMENT),
    "age:-24y": ("age:-24y", 1, A_MOMENT),
    "age:-h": ("age:-h", 1, A_MOMENT),
    "age:-999999h": ("age:-999999h", 1, A_MOMENT),
    "age:-1.5h": ("age:-1.5h", 1, A_MOMENT),
    "firstSeen:24h": ("firstSeen:24h", 1, A_MOMENT),
    "firstSeen:yesterday": ("firstSeen:yesterday", 1, A_MOMENT),
    "firstSeen:2026-01-01": ("firstSeen:2026-01-01", 1, A_MOMENT),
    # Python would read these: any sign between date and time, and an offset without a time as the time
    "lastSeen:>2026-01-01*00:00": ("lastSeen:>2026-01-01*00:00", 1, A_MOMENT),
    "lastSeen:>2026-01-01x00:00": ("lastSeen:>2026-01-01x00:00", 1, A_MOMENT),
    "lastSeen:>2026-01-01+10:00": ("lastSeen:>2026-01-01+10:00", 1, A_MOMENT),
    "lastSeen:>2026-01-01-10:00": ("lastSeen:>2026-01-01-10:00", 1, A_MOMENT),
    "firstSeen:>2026-13-01": ("firstSeen:>2026-13-01", 1, A_MOMENT),
    "firstSeen:>2026-02-30": ("firstSeen:>2026-02-30", 1, A_MOMENT),
    "lastSeen:>": ("lastSeen:>", 1, A_MOMENT),
    "lastSeen:>1767225600": ("lastSeen:>1767225600", 1, A_MOMENT),
    "lastSeen:-24h-": ("lastSeen:-24h-", 1, A_MOMENT),
    "id:0": ("id:0", 1, AN_ID),
    "id:-1": ("id:-1", 1, AN_ID),
    "id:1,2": ("id:1,2", 1, AN_ID),
    "id:PUMP-STATION-1": ("id:PUMP-STATION-1", 1, AN_ID),
    "id:9223372036854775808": ("id:9223372036854775808", 1, AN_ID),
    '"pump': ('"pump', 1, NO_END),
    'pump "failure': ('"failure', 6, NO_END),
    'is:"resolved': ('is:"resolved', 1, NO_END),
    '""': ('""', 1, NOTHING),
    '!""': ('!""', 1, NOTHING),
    "!": ("!", 1, NEGATES),
    "! pump": ("!", 1, NEGATES),
    "!!pump": ("!!pump", 1, NEGATES),
    '"a""b"': ('"a""b"', 1, QUOTES),
    'a"b"': ('a"b"', 1, QUOTES),
    ":": (":", 1, QUOTES),
    ":pump": (":pump", 1, QUOTES),
    "1:2": ("1:2", 1, QUOTES),
    "pump:": ("pump:", 1, NO_VALUE),
    "a\0b": ("ab", 1, NUL),
    'logger:"a\0b"': ('logger:"ab"', 1, NUL),
    "pump \ufffd": ("\ufffd", 6, NOT_UTF_8),
    f"is:{'x' * 200}": (f"is:{'x' * 77}…", 1, A_STATE),
}


@pytest.mark.parametrize(("query", "named"), REFUSED.items(), ids=[ascii(query)[:40] for query in REFUSED])
def test_refuses(query: str, named: tuple[str, int, str]) -> None:
    term, place, reason = named

    with pytest.raises(BadTerm) as refusal:
        parse(query, user_id=ME, of_organization=True)

    assert str(refusal.value) == f'Search term "{term}" at character {place} is not understood: {reason}'


def test_fifty_and_more_ways_to_be_wrong_are_tried() -> None:
    assert len(REFUSED) >= 50


def test_only_an_organization_has_projects_to_choose_from() -> None:
    with pytest.raises(BadTerm) as refusal:
        parse("x project:pump-station", user_id=ME)

    reason = "all issues here are of one project; the organization's route has more."
    assert str(refusal.value) == f'Search term "project:pump-station" at character 3 is not understood: {reason}'


@pytest.mark.parametrize(
    "word",
    [
        *("is:bookmarked", "assigned:me", "bookmarks:me", "!assigned:me", "assigned:my_teams"),
        *("is:[resolved,bookmarked]", "!assigned:[none,me]"),
    ],
)
def test_nothing_is_mine_without_a_user(word: str) -> None:
    with pytest.raises(BadTerm) as refusal:
        parse(word, user_id=None)

    reason = "an API key is nobody in particular; use a user's token."
    assert str(refusal.value) == f'Search term "{word}" at character 1 is not understood: {reason}'


@pytest.mark.parametrize(
    ("terms", "next_one"),
    [
        ("!x " * 100, "!y"),
        ("level:[" + ",".join(["error"] * 100) + "] ", "y"),
        ("!x " * 50, "level:[" + ",".join(["error"] * 51) + "]"),
    ],
)
def test_has_a_hundred_terms_at_most(terms: str, next_one: str) -> None:
    assert parse(terms, user_id=ME)

    with pytest.raises(BadTerm) as refusal:
        parse(terms + next_one, user_id=ME)

    shown = next_one if len(next_one) <= 80 else f"{next_one[:80]}…"
    reason = "a search has 100 terms at most, each of a list is one."
    assert str(refusal.value) == f'Search term "{shown}" at character {len(terms) + 1} is not understood: {reason}'


def test_a_phrase_is_one_term() -> None:
    assert conditions("x " * 1000) == [text(" ".join(["x"] * 1000))]


def test_a_term_knows_how_it_was_written_and_where() -> None:
    terms = parse(" a  b !is:public level:[ info ]", user_id=ME)

    assert [(term.written, term.place) for term in terms] == [("a  b", 1), ("!is:public", 6), ("level:[ info ]", 17)]


def test_a_megabyte_is_refused_at_once() -> None:
    for megabyte in ('"' * 2**20, "a:" * 2**19, "level:[" * 2**17, " " * 2**20):
        with pytest.raises(BadTerm):
            parse(megabyte, user_id=ME)
    with pytest.raises(BadTerm) as refusal:
        parse("x " * 2**19, user_id=ME)  # it was half a minute, and a gigabyte

    reason = "a search has 10,000 characters at most here."
    assert str(refusal.value) == f'Search term "{"x " * 40}…" at character 10001 is not understood: {reason}'
    assert conditions("x" * 10_000) == [text("x" * 10_000)]


def test_a_shorter_limit_can_be_set() -> None:
    assert len(parse("x" * 2_000, user_id=ME, max_length=2_000)) == 1

    with pytest.raises(BadTerm, match=r"at character 2001 is not understood: a search has 2,000 characters at most"):
        parse("x" * 2_001, user_id=ME, max_length=2_000)
