"""What is secret is not kept (contract 7.5)."""

import json
from time import thread_time
from typing import Any

import pytest

from events.meaning import unpack
from events.meaning.cards import is_card
from events.meaning.grouping.parameters import without_parameters
from events.meaning.scrubbing import scrub, scrub_text
from events.meaning.secrets import FILTERED
from tests.events.meaning.asking import read_event

NAMES = [
    *("password", "passwd", "secret", "token", "authorization", "cookie"),
    *("api_key", "apikey", "credential", "private_key", "session"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("written", ["{}", "my_{}_2", "X-{}"])
def test_the_value_of_a_secret_key(name: str, written: str) -> None:
    for word in (name, name.upper(), name.title(), name.replace("_", "-"), name.replace("_", "")):
        key = written.format(word)
        assert scrub({"a": [{key: "hunter2"}]}) == {"a": [{key: FILTERED}]}


@pytest.mark.parametrize("key", ["pass", "key", "auth", "api", "private", "sess ion", "user", ""])
def test_the_value_of_another_key_stays(key: str) -> None:
    assert scrub({key: "hunter2"}) == {key: "hunter2"}


@pytest.mark.parametrize("value", ["x", "", 5, 0, False, 1.5, ["x"], {"a": "x"}, {}])
def test_whatever_the_value_is(value: Any) -> None:
    assert scrub({"password": value}) == {"password": FILTERED}


def test_null_tells_nothing() -> None:
    assert scrub({"password": None}) == {"password": None}


SECRET = "hunter2"


@pytest.mark.parametrize(
    "event",
    [
        {"extra": {"deep": [[[{"Password": SECRET}]]]}},
        {"extra": {"sys.argv": ["shop", "--db-password", SECRET, "-v"]}},
        {"exception": {"type": "E", "stacktrace": [{"vars": {"args": ["'shop'", "'--password'", f"'{SECRET}'"]}}]}},
        {"exception": {"type": "E", "stacktrace": [{"context_line": f'run(["shop", "--password", "{SECRET}"])'}]}},
        {"contexts": {"app": {"api-key": SECRET}}},
        {"contexts": {"session": {"id": SECRET}}},
        {"tags": {"token": SECRET}},
        {"tags": [["token", SECRET]]},
        {"tags": [{"key": "token", "value": SECRET}]},
        {"user": {"id": "1", "credentials": [SECRET]}},
        {"request": {"headers": {"Authorization": f"Bearer {SECRET}"}}},
        {"request": {"headers": [["Authorization", f"Bearer {SECRET}"], ["X-Api-Key", SECRET]]}},
        {"request": {"headers": [{"name": "authorization", "value": SECRET}]}},
        {"request": {"cookies": f"a={SECRET}"}},
        {"request": {"cookies": [["a", SECRET]]}},
        {"request": {"cookies": {"a": SECRET}}},
        {"request": {"query_string": f"page=1&token={SECRET}"}},
        {"request": {"query_string": [["page", "1"], ["token", SECRET]]}},
        {"request": {"query_string": {"page": "1", "token": SECRET}}},
        {"request": {"query_string": f"?user%5Bpassword%5D={SECRET}"}},
        {"request": {"url": f"https://shop.example/pay?Access_Token={SECRET}&page=2#top"}},
        {"request": {"url": f"https://shop.example/#access_token={SECRET}"}},
        {"request": {"data": f"name=jane&password={SECRET}"}},
        {"request": {"data": {"password": SECRET}}},
        {"request": {"data": json.dumps({"user": {"password": SECRET, "name": "jane"}})}},
        {"request": {"data": json.dumps({"secret": {"a": [SECRET, "}"]}, "name": "jane"})}},
        {"request": {"data": json.dumps({"secret": "x" * 8150 + SECRET})}},
        {"request": {"data": json.dumps({"inner": json.dumps({"password": f'"{SECRET}', "a": 1})})}},
        {"request": {"env": {"SECRET_KEY": SECRET}}},
        {"breadcrumbs": [{"category": "http", "data": {"url": f"/pay?token={SECRET}", "cookie": SECRET}}]},
        {"breadcrumbs": {"values": [{"message": f'sent {{"password": "{SECRET}"}}'}]}},
        {"exception": {"type": "E", "value": f"no user {{'password': '{SECRET}'}}"}},
        {"exception": {"type": "E", "stacktrace": [{"vars": {"password": SECRET}}]}},
        {"exception": {"type": "E", "stacktrace": [{"vars": {"kwargs": {"'password'": f"'{SECRET}'"}}}]}},
        {"exception": {"type": "E", "stacktrace": [{"vars": {"kwargs": f"{{'password': '{SECRET}'}}"}}]}},
        {"exception": {"type": "E", "stacktrace": [{"context_line": f'    login(password="{SECRET}")'}]}},
        {"exception": {"type": "E", "stacktrace": [{"pre_context": [f"password = '{SECRET}'"]}]}},
        {"exception": {"type": "E", "mechanism": {"data": {"token": SECRET}}}},
        {"threads": [{"stacktrace": [{"vars": {"password": SECRET}}]}]},
        {"logentry": {"message": "user %s", "params": [{"password": SECRET}]}},
        {"logentry": {"message": "user %s", "params": [f'{{:password=>"{SECRET}"}}']}},
        {"message": f"connect: Server=db;Password={SECRET};Pool=5"},
        {"message": f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\n"},
        {"csp": {"effective-directive": "img-src", "blocked-uri": f"https://evil.example/?token={SECRET}"}},
        {"modules": {"token": SECRET}},
        {"sdk": {"settings": {"token": SECRET}}},
    ],
    ids=lambda event: json.dumps(event)[:90],
)
def test_secrets_are_not_kept_anywhere(event: dict[str, Any]) -> None:
    found = read_event(event)

    assert SECRET not in json.dumps(unpack(found.packed))
    assert SECRET not in found.title + found.culprit + str(found.metadata)
    assert FILTERED in json.dumps(found.data)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("page=1&token=abc&q=2", "page=1&token=[Filtered]&q=2"),
        ("https://shop/?token=abc#top", "https://shop/?token=[Filtered]#top"),
        ('{"password": "a\\"b", "n": 1}', '{"password": "[Filtered]", "n": 1}'),
        ("{'password': b'ab', 'n': 1}", "{'password': '[Filtered]', 'n': 1}"),
        ('{"session": {"id": [1, 2]}, "n": 1}', '{"session": "[Filtered]", "n": 1}'),
        ('{"token": 5, "n": 1}', '{"token": "[Filtered]", "n": 1}'),
        ('{\\"token\\": \\"a\\\\\\"b\\", \\"n\\": 1}', '{\\"token\\": \\"[Filtered]\\", \\"n\\": 1}'),
        ('{:token=>"abc", :n=>1}', '{:token=>"[Filtered]", :n=>1}'),
        ('{"token"=>"abc", "n"=>1}', '{"token"=>"[Filtered]", "n"=>1}'),
        ("{ token: 'abc', n: 1 }", '{ token: "[Filtered]", n: 1 }'),
        ('{"token": "cut he', '{"token": "[Filtered]"'),
        ("password: str = 'pw'  # n", 'password: str = "[Filtered]"  # n'),
        ('password := "pw", n', 'password := "[Filtered]", n'),
        ("if (token === 'pw') {", 'if (token === "[Filtered]") {'),
        ("x.setPassword('pw').go('a')", "x.setPassword(\"[Filtered]\").go('a')"),
        ("curl -H 'authorization: basic YTpi==' x", "curl -H 'authorization: basic [Filtered]' x"),
        ("no route to postgresql://me:pw@db:5432/a?b, me", "no route to postgresql://me:Filtered@db:5432/a?b, me"),
        ("redis://:p@ss@cache/0 redis://:b@cache", "redis://:Filtered@cache/0 redis://:Filtered@cache"),
        ("no log-in for jane, password: hunter2", "no log-in for jane, password: [Filtered]"),
        ("Invalid token: 4f3c2b1a, ended", "Invalid token: [Filtered], ended"),
        ("no route to host=db password=pw dbname=x", "no route to host=db password=[Filtered] dbname=x"),
        ("map[id:3 password:pw n:1]", "map[id:3 password:[Filtered] n:1]"),
        ("mysql --password hunter -h db", "mysql --password [Filtered] -h db"),
        ("Command ['a', '--password', 'pw'] failed", "Command ['a', '--password', '[Filtered]'] failed"),
        ("<a:password>pw</a:password>", "<a:password>[Filtered]</a:password>"),
        ("Cookie: sid=1; b=2\nHost: x", "Cookie: [Filtered]\nHost: x"),
        ("X-Api-Key: abc123de", "X-Api-Key: [Filtered]"),
        ("bad jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.ab-_d, sorry", "bad jwt [Filtered], sorry"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMI\n-----END", "-----BEGIN RSA PRIVATE KEY-----[Filtered]-----END"),
        ("key provided: sk-proj-0123456789abcdefghij", "key provided: [Filtered]"),
    ],
)
def test_what_stands_around_a_secret_stays(text: str, left: str) -> None:
    assert scrub_text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        *("session = requests.Session()", "self.token: Token | None", 'd["token"]', "no token, no session"),
        *("the password is wrong: try again", "tokens=5 in a line", "def session(token):", "https://shop/session/5"),
        *("http://shop:80/@me", "git@host://a:b", "https://me@shop/a:b@c", "Authorization: required", "http://a:b@"),
        *("NoCredentialsError: Unable to locate credentials", "Unexpected token: punc", "Token::Expired", "token == x"),
        *("wrong password: too short", "Invalid token: expired", "password = ask()", "password=None", "cookie: off"),
        *(
            "get('token', 'b')",
            "tokenize('a')",
            "token: a, name: 'b'",
            "password: required",
            "PWD=/srv/shop make",
            "New password: invalid.",
        ),
    ],
)
def test_a_word_alone_is_no_secret(text: str) -> None:
    assert scrub_text(" " + text) == " " + text


def test_a_line_of_source_names_types_and_variables() -> None:
    line, literal = "def log_in(password: str, token: Token2)", "key = 'sk_live_0123456789abcdef'"

    assert scrub({"context_line": line, "pre_context": [line, literal]}) == {
        "context_line": line,
        "pre_context": [line, "key = '[Filtered]'"],
    }
    assert scrub({"message": line}) != {"message": line}


def test_a_password_of_a_url_makes_no_other_issue() -> None:
    """Of a message, URLs are left out: by what is left, an upgrade finds the issue that there is."""
    messages = [f"no route to postgresql://me:{word}@db/{number}" for number, word in enumerate(["pw", "b@c", "d"])]

    assert len({read_event({"message": message}).fingerprints for message in messages}) == 1
    assert without_parameters(scrub_text(messages[0])) == without_parameters(messages[0]) == "no route to *"


def test_lists_of_words_stay() -> None:
    event = {"fingerprint": ["session", "expired"], "extra": {"words": ["token", "expired"]}}

    data = read_event(event).data

    assert (data["fingerprint"], data["extra"]) == (event["fingerprint"], event["extra"])


# ---------------------------------------------------------------------------------------------------------------------
# Cards
# ---------------------------------------------------------------------------------------------------------------------

CARDS = [
    *("4111111111111111", "4222222222222", "4242424242424242", "5555555555554444", "2223003122003222"),
    *("378282246310005", "371449635398431", "6011111111111117", "30569309025904", "38520000023237"),
    *("3530111333300000", "6200000000000005", "6759649826438453"),
]


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize(
    "text",
    ["{}", "paid with {}.", "card={}&a=1", '"{}"', "{}, {}", "17 {} 123", "(12-{}-7)"],
)
def test_numbers_of_cards(card: str, text: str) -> None:
    for written in (card, " ".join(card[n : n + 4] for n in range(0, len(card), 4)), f"{card[:4]}-{card[4:]}"):
        assert scrub_text(text.format(written, written)) == text.format(FILTERED, FILTERED)


@pytest.mark.parametrize("card", [4111111111111111, -4111111111111111, 4111111111111111.0])
def test_a_number_may_be_one(card: float) -> None:
    assert scrub([card, {str(card): 1}]) == [FILTERED, {str(card).replace("4111111111111111", FILTERED): 1}]


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",  # the checksum is wrong
        "1795914609707",  # milliseconds; the checksum is right
        "1795914609706999999",
        "8888888888888888",
        "411111111111",
        "0.4111111111111111",
        "a4111111111111111",
        "4111111111111111a",
        "2026-11-29 01:10:06",
        "00000000-0000-4111-1111-111111111111",
        "41111111111111111111111111",
        "140555296365440",  # a thread's
        "21875785728",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert scrub_text(text) == text


def test_cards_that_no_one_issues() -> None:
    assert not is_card("")
    assert not is_card("4" * 20)
    assert not is_card("0000000000000000")


def test_a_card_at_the_end_of_what_is_kept_is_not_kept_in_part() -> None:
    for before in range(8160, 8195):
        assert "41111" not in scrub_text("x" * before + " 4111111111111111 and more" + " and more" * 20)


# ---------------------------------------------------------------------------------------------------------------------
# Clean texts, bounded values
# ---------------------------------------------------------------------------------------------------------------------


def test_what_cannot_be_stored_is_replaced() -> None:
    event = {"message": "a\0b\ud800c", "extra": {"k\0\udfff": "\0", "n": [float("nan"), float("inf"), 1e400, -1e400]}}

    data = read_event(event).data

    assert data["message"] == "a\ufffdb\ufffdc"
    assert data["extra"] == {"k\ufffd\ufffd": "\ufffd", "n": [None] * 4}


def test_a_text_anywhere_is_cut() -> None:
    assert scrub(["x" * 8192, "x" * 8193]) == ["x" * 8192, "x" * 8191 + "…"]
    assert scrub({"k" * 201: 1}) == {"k" * 199 + "…": 1}


# Each begins a look again and again; some end so that none of them finds anything.
@pytest.mark.parametrize(
    "piece",
    [
        *("pwd=", "token:", "a-", "--token ", "a: b ", "<password>", "set-cookie: ", "cookie:a=", "setKey(", "'", "?a"),
        *("authorization: basic ", "://a:", "://a@", "-----BEGIN PRIVATE KEY-----", "eyJaaaaaaaa.", "sk-", "4 "),
    ],
)
@pytest.mark.parametrize("end", ["x", "(", ":", "="])
def test_a_text_that_is_four_times_as_long_takes_four_times_as_long(piece: str, end: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length] + end
        took = []
        for _ in range(3):
            begun = thread_time()
            scrub_text(text)
            took.append(thread_time() - begun)
        return min(took)

    assert seconds(8_000) < 8 * seconds(2_000)


def test_endless_numbers_are_null() -> None:
    assert scrub([10**301, 10**302, -(10**5000)]) == [10**301, None, None]


def test_what_is_too_deep_is_left_out() -> None:
    deep: Any = "x"
    for _ in range(150):
        deep = [{"a": deep}]

    kept = json.dumps(scrub(deep))

    assert kept.count("[") == kept.count("{") == 50
    assert "null" in kept


def test_an_event_is_left_as_it_is() -> None:
    event = {"extra": {"password": "x", "list": [["token", "y"]]}, "exception": [{"type": 5, "value": "v"}]}
    before = json.dumps(event)

    read_event(event)

    assert json.dumps(event) == before
