"""Why a process of Erlang or Elixir has ended, out of a text of many lines.

The first line says which process it was; what it died of stands below, in one of the forms that OTP, Elixir's
Logger.Translator, Plug's for Cowboy, and Ranch write.
"""

import re
from collections.abc import Iterable, Iterator

READ = 8_192  # as much as is kept of a message: the state of a process may stand before the reason
MOST_LINES = 20

_A_HEADER = re.compile(r"=[A-Z]++ REPORT====")  # of OTP's own log; a date follows
# Of Elixir, by how the first line begins and ends.
_PROCESSES = ("GenServer ", "Task ", "Process ", ":gen_statem ", ":gen_event handler ")
_CHILDREN = ("Child ", "Children ")
_PROTOCOL = "Ranch protocol "
_HEADS = (
    (_PROCESSES, (" terminating", " raised an exception")),
    (_CHILDREN, (" terminated", " failed to start", " caused shutdown", " shut down abnormally")),
    ((_PROTOCOL, "#PID<"), (" terminated",)),
)
_BANNER = "** ("  # ** (KeyError) key :a not found
_A_CALL = "exited in: "  # of what: the next banner says why
# What the SDK for Elixir makes a template of: the banner and the stack stand in it, the process is its parameter.
OF_AN_SDK = "GenServer %s terminating: "

# Of Erlang: how the first line begins, and what stands before the reason.
_BEHAVIOURS = tuple(
    f"** {name} " for name in ("Generic server", "Generic process", "State machine", "gen_event handler", "Task")
)
_REASON_OF_A_BEHAVIOUR = re.compile(r"\n\*\* Reason(?: for termination)? ?==?\s*+(?:\*\* )?")
_INLINE = ("Error in process ", "Ranch listener ")
_REASON_INLINE = re.compile(r" with exit value:?\s| exit with reason:?\s| listener error: ")
_SUPERVISOR = ("supervisor:", "Supervisor:")
_REASON_OF_A_CHILD = re.compile(r"\n[ ]*+(?:errorContext|Context):[ ]*+(\w++)\n[ ]*+[Rr]eason:[ ]*+")
_CRASH = "crasher:"
_CRASHED = re.compile(r"\n[ ]*+exception (?=(?:error|exit|throw): )")
_INITIAL_CALL = re.compile(r"\n[ ]*+(initial call: [^\n]*+)")
_IN_A_FUNCTION = re.compile(r"in function +\S++")
_AFTER_A_REASON = re.compile(
    r"\n(?:\*\* |[ ]*+(?:\n|[Oo]ffender:|ancestors:|in call from ))"
    r"|\. (?:Last (?:message|event)|Stack|State|Offender): |, ancestors: "
)
# The same in one line, as OTP's logger_formatter has it where nobody asks for more.
_IN_ONE_LINE = ("Generic server ", "State machine ", "Generic event handler ", "Supervisor: ")
_REASON_IN_ONE_LINE = re.compile(r"\. Reason: ")
_CRASHED_IN_ONE_LINE = re.compile(r", (?=(?:error|exit|throw): )")
_ATOM = r""":?(?:'[^'\n]*+'|"[^"\n]*+"|[A-Za-z_][\w.@]*+[?!]?)"""
_FIRST_FRAME = re.compile(rf"\[\{{{_ATOM}, ?{_ATOM}(?=, ?[\d\[])")


def why_ended(text: str) -> str:
    """Return what a text says of the end of a process: which one, and why; "" where it is another text."""
    text = text[:READ].lstrip()
    if _A_HEADER.match(text):
        text = text.partition("\n")[2].lstrip()
    first = text.partition("\n")[0].rstrip()
    for begins, ends in _HEADS:
        if first.startswith(begins) and first.endswith(ends):
            return _said(first, _in_elixir(first, text))
    if first.startswith(OF_AN_SDK):
        return _said(OF_AN_SDK.strip(), _banners(_lines(text.removeprefix(OF_AN_SDK))))
    if first.startswith((_BANNER, _A_CALL)):
        return " ".join(_banners(_lines(text)))
    return _in_erlang(first, text)


def _in_erlang(first: str, text: str) -> str:
    if first.startswith(_BEHAVIOURS):
        return _behind(_REASON_OF_A_BEHAVIOUR.search(text), first, text)
    if first.startswith(_INLINE):
        found = _REASON_INLINE.search(text)
        return _behind(found, text[: found.end()].strip() if found else "", text)
    if first.startswith(_IN_ONE_LINE) and (found := _REASON_IN_ONE_LINE.search(first)):
        return _behind(found, first[: found.start()].partition(". Installed: ")[0], first)
    if first.startswith(_CRASH) and (found := _CRASHED_IN_ONE_LINE.search(first)):
        return _behind(found, first[: found.start()].partition(", pid: ")[0], first)
    if first.startswith(_SUPERVISOR):
        found = _REASON_OF_A_CHILD.search(text)
        return _behind(found, f"{first} {found[1]}" if found else "", text)
    if first.startswith(_CRASH):
        called = _INITIAL_CALL.search(text)
        return _behind(_CRASHED.search(text), f"{first} {called[1].strip()}" if called else first, text)
    return ""


def _said(head: str, reason: Iterable[str]) -> str:
    """Return both in one line; "" where no reason was found."""
    why = " ".join(reason)
    return f"{head} {why}" if any(map(str.isalpha, why)) else ""


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in text.splitlines()[:MOST_LINES])


def _in_elixir(first: str, text: str) -> Iterator[str]:
    lines = filter(None, _lines(text.partition("\n")[2]))
    if first.startswith(_PROTOCOL):  # what ended it follows without a banner
        why = next(lines, "")
        yield why
        if not (why.startswith(_BANNER) or _goes_on(why)):
            return
    yield from _banners(lines)


def _banners(lines: Iterator[str]) -> Iterator[str]:
    """Yield what it was, and what that came of: the call that it exited in, and below it `** (EXIT) time out`."""
    goes_on = True  # up to the first: of a request, its address is before that
    for line in lines:
        if line.startswith((_BANNER, _A_CALL)):
            yield line
            goes_on = _goes_on(line)
        elif not goes_on:
            return


def _goes_on(line: str) -> bool:
    return _A_CALL in line or line.endswith(":")  # ** (exit) an exception was raised:


def _behind(found: re.Match[str] | None, head: str, text: str) -> str:
    """Return what ended, and the term behind what was found, as Erlang writes it: up to where it was.

    Lines are broken where they are full, so one digit more moves all others. Of a stack, the first function is told.
    """
    if found is None:
        return ""
    rest = text[found.end() :].lstrip()
    if rest.startswith(_BANNER):
        return _said(head, _banners(_lines(rest)))
    if after := _AFTER_A_REASON.search(rest):
        rest = rest[: after.start()]
    term = "".join(map(_unbroken, rest.splitlines()))
    place = _FIRST_FRAME.search(term) or _IN_A_FUNCTION.search(term)
    return _said(head, [term[: place.end()] if place else term])


def _unbroken(line: str) -> str:
    line = line.strip()
    return f" {line}" if line.startswith("in function ") else f"{line} " if line.endswith("=>") else line
