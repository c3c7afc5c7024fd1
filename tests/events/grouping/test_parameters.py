"""What differs from one event to the next is taken out of a text, and nothing else is (contract 7.6, 5)."""

import re

import pytest

from events.meaning.grouping.parameters import KINDS, LONGEST, READ, without_parameters

# For each kind: texts that are one parameter and nothing else.
ONE_OF = {
    "a URL": ("https://shop.example/cart?a=1#b", "postgres://shop:secret@db/shop", "s3+v2://bucket/key", "URL://x"),
    "a mail address": ("jane@example.com", "joe.doe+shop@mail.example.org", "a@b.c", "50%off@b.c"),
    "a uuid": ("67eed793-eee1-4712-a1fd-d90b8f0497bf", "67EED793-EEE1-4712-A1FD-D90B8F0497BF"),
    "a date with its time": (
        *(
            "2024-01-02T10:11:12.123456Z",
            "2024-01-02 10:11:12,123",
            "2024-01-02T10:11+01:00",
            "2024-01-02 10:11:12 UTC",
        ),
    ),
    "a date in the log of a web server": ("30/Nov/2026:17:00:00 +0000", "01/Jan/2025:07:00:00"),
    "a date as in mails": ("02 Jan 2006", "Mon, 2 January 2006", "2-Jan-2006", "13 May"),
    "an American date": ("Jan 2, 2006", "Monday January  2, 2006", "Sept 30"),
    "a time before or after noon": ("11:57:57 a. m.", "3:49pm", "3:49 P.M."),
    "an IPv6 address": ("::1", "2001:db8::1", "fe80::dead:beef:1:2", "::ffff:10.0.0.1"),
    "an address in memory": ("0x7f0982bbac90", "0XFF"),
    "a duration of several units": ("1m30s", "1h2m3.000004s", "2h45m", "12h45m10s", "3d4h", "PT30S", "PT1M0.5S"),
    "a duration": ("350ms", "1.5s", "12.5\u00b5s", "30 s", "2h", "1 second", "30 seconds", "5 days"),
    "a size": ("512KiB", "1.5 GB", "12B", "7 MiB"),
    "a hash of an object in Java": (),
    "a short hash": ("3f2a1bc", "abcde12", "9af8"),
    "a file of Python's tempfile": (),
    "a pod": ("6d4cf56db6-x2v9z",),
    "an id in base64": ("V1StGXR8_Z5jdHi6B-myT", "aB3-xY_9zKkQpLmN0rStU"),
    "a word of letters and digits": ("4g8hXn02sfzZywjG", "67eed793eee14712a1fdd90b8f0497bf", "a1b2c3d4"),
    "an ordinal": ("1st", "22nd"),
    "a number": ("7", "4711", "1e-7", "2E+10"),
}
TOGETHER = (
    *("10.0.0.1", "10.0.0.1:5432", "2024-01-02", "02/01/2024", "10:11:12.5", "1,234,567.89", "-1", "+49", "1:2:3"),
    *("1, 2, 3", "-1, -2", "3/4", "2023, 5, 2, 23, 25"),
)
LEFT_ALONE = (
    *("disk is full", "", "May I go?", "std::bad_alloc", "dead::beef", "Foo::Bar::baz", "a: b", "a/b", "me@home"),
    *("5m3", "1m30", "PT", "me@cafe", "tmp_orders", "What? a=b", "why?x", "web-d-xvz"),
    *("utf8mb4", "sha256 of x", "base64", "user1", "x2x", "Market closed", "deadbeef", "deadbeefcafe", "e.g. this"),
)


def test_every_kind_has_its_texts() -> None:
    assert list(ONE_OF) == list(KINDS)


@pytest.mark.parametrize("text", [text for texts in ONE_OF.values() for text in texts] + list(TOGETHER))
def test_a_parameter_is_taken_out(text: str) -> None:
    assert without_parameters(text) == "*"
    assert without_parameters(f"before {text} after") == "before * after"
    assert without_parameters(f"in '{text}'.") == "in '*'."
    assert without_parameters(f"in ({text})") == "in (*)"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_there_for_its_texts(kind: str) -> None:
    """A kind that others stand in for would be one too many."""
    alone = re.compile(KINDS[kind], re.ASCII)

    assert [text for text in ONE_OF[kind] if not alone.fullmatch(text)] == []


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_no_parameter_stays(text: str) -> None:
    assert without_parameters(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("took 12ms for user_42", "took * for user_*"),
        ("com.shop.Cart@5e9199f, Cart@abcdefab", "com.shop.Cart@*, Cart@*"),
        ("no /tmp/tmp8h2k9_pq/x, /tmp/tmpabxcdqef", "no /tmp/*/x, /tmp/*"),
        ("GET /search?q=shoes&n=1 failed", "GET /search* failed"),
        ("Step-3-of-Migration-x", "Step-*-of-Migration-x"),
        ("Minified React error #418; visit https://react.dev/418", "Minified React error #418; visit *"),
        ("<User name='Jane Doe', id=\"a1\">, b = 'x'", "<User name=*, id=*>, b = 'x'"),
        ("VALUES (?, ?, ?), (?, ?, ?)", "VALUES (*)"),
        ("id IN ($1, $2) AND x(%s)", "id IN (*) AND x(*)"),
        ("sure (?), why (? or not)", "sure (*), why (? or not)"),
        ("shapes (3,) (5, 6)", "shapes (*) (*)"),
        ("item-3 of 7", "item-* of *"),
        ("a=-5, b=2.5", "a=*, b=*"),
        ("got 4xx", "got *xx"),
        ("line 112:34: unexpected", "line * unexpected"),
        ("line 7:3: unexpected", "line * unexpected"),
        ("GET https://a.example/x, then 3", "GET * then *"),
        ("<Cart object at 0x7f0982bbac90>", "<Cart object at *>"),
        ("disk \u0667 of 7", "disk \u0667 of *"),  # what is a digit must not change with Unicode
    ],
)
def test_what_is_left(text: str, left: str) -> None:
    assert without_parameters(text) == left


def test_the_first_line_that_is_not_blank_is_read() -> None:
    assert without_parameters("\n \t\n  disk 7 is full  \nsecond line") == "disk * is full"
    assert without_parameters("disk 7 is full\r\nsecond line") == "disk * is full"
    assert without_parameters(" \n ") == ""


def test_a_line_without_a_word_says_nothing() -> None:
    assert without_parameters("{\n  'disk full': 7\n}") == "'disk full': *"
    assert without_parameters("2026-11-30 17:00:00\n-----\ndisk full") == "disk full"
    assert without_parameters("7\n8") == "*"


def test_the_last_line_of_a_traceback_is_read() -> None:
    """It is another one each time where it was, and tells what happened there."""
    traceback = 'Traceback (most recent call last):\n  File "a.py", line {}, in f\n    g({})\n{}: order {}\n'

    assert without_parameters(traceback.format(1, "x", "KeyError", 5)) == "KeyError: order *"
    assert without_parameters(traceback.format(2, "y", "OSError", 6)) == "OSError: order *"


@pytest.mark.parametrize(
    "end",
    [
        *("Error in process <0.{}.0> with exit value:", "Error in process <0.{}.0> on node 'a@b' with exit value:"),
        *("Process #PID<0.{}.0> terminating", "Process #PID<0.{}.0> raised an exception", "GenServer Cart terminating"),
        "Task #PID<0.{}.0> started from Shop.Cart terminating",
    ],
)
def test_the_next_line_says_why_a_process_of_erlang_ended(end: str) -> None:
    why = "\n\n    ** (KeyError) key {} not found\n    (shop 0.1.0) lib/cart.ex:{}: Cart.pay/1"
    first = without_parameters((end + why).format(1, 2, 3))

    assert first.endswith("(KeyError) key * not found")
    assert first == without_parameters((end + why).format(44, 55, 66).replace("<44", "<9"))
    assert first != without_parameters((end + "\n** (exit) killed").format(1))
    assert without_parameters(end.format(1) + "\n\n{ }\n") == without_parameters(end.format(2)) != ""


@pytest.mark.parametrize("text", ["Processing terminating\nb", "Process 5 terminated\nb", "a\nTask terminating"])
def test_another_message_is_its_first_line(text: str) -> None:
    assert without_parameters(text) == without_parameters(text.splitlines()[0])


def test_a_text_is_cut_after_its_parameters_are_out() -> None:
    """A number with one digit more must not move the end of what counts."""
    short, long = f"order 9 {'x' * 3_000}", f"order 10 {'x' * 3_000}"

    assert without_parameters(short) == without_parameters(long)
    assert len(without_parameters(short)) == LONGEST
    assert without_parameters("x" * READ + " 7") == "x" * LONGEST
