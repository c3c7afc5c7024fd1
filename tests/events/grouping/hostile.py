"""Names and texts that a careless pattern reads again and again: ``python -m tests.events.grouping.hostile``."""

from itertools import product

from events.meaning.grouping import fingerprints
from events.meaning.grouping.languages import LANGUAGES
from events.meaning.grouping.parameters import PARAMETER, ROWS, TOGETHER, without_parameters
from events.meaning.grouping.places import places
from events.meaning.grouping.wished import wished
from events.meaning.shapes import Frame, Subject

LENGTH = 2**17  # read once: milliseconds; read as often as it is long: minutes
TEXTS = (
    *("a", "0", "a0", "a.", "0.", "1.1.", "a@", "a@a.", "-", "a:", "1:1:", ":", "http://", "http:", "a+", "0x", "*,"),
    *(
        "00000000-",
        "2024-01-02 ",
        "Mon, ",
        "1 Jan ",
        "1:11 a",
        "12e",
        "+-*",
        "::",
        "1, ",
        "_",
        "1s",
        "1 ",
        "a@0",
        "/tmp",
        "b-",
        "Aa0_",
        "a?a",
        "?a=",
        "(?, ",
        "(?, ?), ",
        "%",
        "a-0",
        "\u00e9",
    ),
)
NAMES = (
    *(
        "a",
        "0",
        "a.",
        "-",
        "A",
        "a-0",
        "block in ",
        "block (1 levels) in ",
        "$$Lambda$",
        "CGLIB$$",
        "CGLIB$a",
        "$Proxy1",
    ),
    *(
        "Accessor1",
        "ByGuice$$0",
        "/0x0",
        "$eval1",
        "#<Class:0x",
        "__ANON__[",
        "<ipython-input-",
        "/ipykernel_1",
        "Proxy_1",
        "_$$_javassist",
        "@anonymous",
        "@anonymous:",
        "{closure:1",
        "::h0",
        "_",
        "_0000",
        "/",
        "\\",
        "<",
        " [",
        ".cold",
        ".isra.1",
        " [clone ",
        " [clone a]",
        "lambda_0",
        "void ",
        "_ZNSt3__1",
        "std::__1",
        "(anonymous namespace)",
    ),
)
# Of the end of a process of Erlang or Elixir: how such a text begins, and what may be repeated in it.
ENDS = (
    *("GenServer a terminating\n", "Ranch protocol a terminated\n", "** (", "** Generic server a terminating\n"),
    *("Error in process a with exit value: ", "Ranch listener a ", "supervisor: a\n", "crasher:\n", "=A REPORT====\n"),
    *("Generic server a. Reason: ", "Supervisor: a. ", "crasher: "),
)
IN_AN_END = (
    *("** (a)\n", "exited in: ", "\n", "\n** Reason", "\n** Reason == ", " exit with reason", "[{a,b,", "[{'", '[{"'),
    *("[{a", "\n    errorContext: a", "\n    exception ", "\n    exception error: a", "in function ", "\n    ", " "),
    *("a=>\n", ". Reason: ", ". State: ", ", error: "),
)
WISHES = ("{", "{{ ", "}}", " ", "{{ a", "\t")


def long(unit: str) -> str:
    return unit * (LENGTH // len(unit)) + "!"


def main() -> None:
    for unit in TEXTS:
        print(f"text {unit!r}", flush=True)
        TOGETHER.sub("*", PARAMETER.sub("*", long(unit)))
        ROWS.sub("*", long(unit))
    for begin, unit in product(ENDS, IN_AN_END):
        print(f"end {begin!r}, {unit!r}", flush=True)
        without_parameters(begin + long(unit))
    for unit in NAMES:
        name = long(unit)
        for platform in LANGUAGES:
            print(f"name {unit!r}, {platform}", flush=True)
            places([Frame(filename=name, function=name), Frame(module=name)], platform)
    for unit in WISHES:
        print(f"wish {unit!r}", flush=True)
        wished(Subject(fingerprint=(long(unit),)), [])
    message = long("a ")
    for name in ("message", "default", "tags.a"):
        print(f"wish {name!r}, many times", flush=True)
        values = (f"{{{{{name}}}}}",) * LENGTH
        fingerprints(Subject(message=message, tags={"a": message}, fingerprint=values))
    print("all were read")


if __name__ == "__main__":
    main()
