"""The search language: what is refused, by which words."""

from time import thread_time

import pytest

from issues.search import BadTerm, parse
from issues.search.conditions import HasText, Pattern

ME = 7

A_MOMENT = "say -24h, +7d or an ISO date or time, of an offset below 16 hours, after >, >=, < or <=."
A_NUMBER = "say a whole number, alone or after >, >=, < or <=."
AN_ID = "say a whole number from 1 to 9223372036854775807."
A_STATE = (
    "say one of unresolved, resolved, ignored, archived, muted, archived_forever, archived_until_condition_met, "
    "archived_until_escalating, regressed, escalating, assigned, unassigned, public, bookmarked."
)
A_PRIORITY = "say one of high, medium, low."
A_LEVEL = "say one of sample, debug, info, warning, error, fatal."
AN_AGE = "say -24h for younger, or +24h for older."
KEYS = (
    "Keys are age, assigned, bookmarks, environment, firstRelease, firstSeen, id, is, issue.category, issue.type, "
    "lastSeen, level, logger, message, platform, priority, project, release, timesSeen, title, userCount; quotes make "
    "a colon part of a text."
)
BRACKETS = "nothing is grouped by brackets; quotes make them text, and KEY:[a,b] is any of several."
A_LIST = "a list is KEY:[a,b]; it has an element at least, and none has brackets or a ! outside quotes."
NO_COMPARISON = "a comparison goes with a key, as in timesSeen:>5; quotes make it text."
NO_WORDS_COMPARED = "words can't be compared; quotes make it text."
NO_STARS = (
    "* stands for anything in words and in release, firstRelease, environment, platform and logger only; "
    "quotes make it text."
)
NEGATES = "a ! negates the word, the quotes or the filter that it stands right before, once."
NO_MINUS = "a - negates nothing, a ! does; quotes make a colon part of a text."
AN_ERROR = "say error; there are no others."


def no_operator(word: str) -> str:
    return f'all terms must hold, and there is no {word}; quotes make it text: "{word}".'


def everything(stars: str) -> str:
    return f"{stars} alone stands for everything; quotes make it text."


def no_colon(key: str) -> str:
    return f"after {key} comes a colon, as in !{key}:…; quotes make it text."


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
    "priority:urgent": ("priority:urgent", 1, A_PRIORITY),
    "browser.name:[a,b]": ("browser.name:[a,b]", 1, f"there is no key browser.name. {KEYS}"),
    "is:for_review": ("is:for_review", 1, A_STATE),
    "!is:linked": ("!is:linked", 1, A_STATE),
    "is:archived_until_something": ("is:archived_until_something", 1, A_STATE),
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
    "!level=error": ("!level=error", 1, no_colon("level")),
    "is:unresolved !timesSeen>5": ("!timesSeen>5", 15, no_colon("timesSeen")),
    "!IS==resolved": ("!IS==resolved", 1, no_colon("IS")),
    "!first-release<2": ("!first-release<2", 1, no_colon("first-release")),
    "!priority!=high x": ("!priority!=high", 1, no_colon("priority")),
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
    "!issue.priority:hi*": ("!issue.priority:hi*", 1, A_PRIORITY),
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


def test_a_search_of_quotes_that_is_four_times_as_long_takes_four_times_as_long() -> None:
    def seconds(length: int) -> float:
        took = []
        for _ in range(3):
            begun = thread_time()
            with pytest.raises(BadTerm, match=NO_END):
                parse('\\"' * (length // 2), user_id=ME)
            took.append(thread_time() - begun)
        return min(took)

    assert seconds(10_000) < 8 * seconds(2_500)


def test_fifty_and_more_ways_to_be_wrong_are_tried() -> None:
    assert len(REFUSED) >= 50


@pytest.mark.parametrize("text", ["level=error", "timesSeen>5"])
def test_a_comparison_without_a_colon_is_text_where_it_narrows(text: str) -> None:
    (plain,), (negated,) = parse(text, user_id=ME), parse(f'!"{text}"', user_id=ME)

    assert plain.condition == negated.condition == HasText(Pattern((text,)))


@pytest.mark.parametrize("text", ["a=b", "a>3", "timeout<5", "levels=error", "x.level=error", "le*vel=error"])
def test_a_comparison_with_what_is_no_key_is_text(text: str) -> None:
    (term,) = parse(f"!{text}", user_id=ME)

    assert (term.negated, term.condition) == (True, HasText(Pattern(tuple(text.split("*")))))
