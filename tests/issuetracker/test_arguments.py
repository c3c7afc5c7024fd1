"""A wrong argument of a command is one sentence, and nothing is done."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class

from tests.clusters import ROOT, manage

OURS = ("issuetracker", "issues", "projects")
# But for Django's own, which is only made to wait.
COMMANDS = sorted({name for name, app in get_commands().items() if str(app).startswith(OURS)} - {"migrate"})
NO_NUMBERS = [
    *("x", "", " ", "-1", "+5", "1.5", "1e3", "0x10", "1_000", "1,000", "inf", "nan", "\u0661\u0662", "\u00b2", "5 5"),
    *("0" * 5000 + "x", "9" * 20, "9" * 5000, str(2**63)),
]


def said(capsys: pytest.CaptureFixture[str], name: str, *arguments: str) -> str:
    """Return the sentence by which the command refuses these arguments."""
    with pytest.raises(SystemExit) as refusal:
        load_command_class(get_commands()[name], name).run_from_argv(["manage.py", name, *arguments])
    told = capsys.readouterr()
    assert (refusal.value.code, told.out) == (2, "")
    assert told.err.startswith(f"manage.py {name}: ")
    assert told.err.endswith(f" See manage.py {name} --help\n")
    assert told.err.count("\n") == 1
    assert len(told.err) < 500
    return told.err


def numbers(name: str) -> list[Any]:
    """Return the arguments of the command that are whole numbers."""
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    return [
        action for action in parser._actions if getattr(action.type, "__qualname__", "") == "whole_number.<locals>.read"
    ]


def test_there_are_commands_with_numbers() -> None:
    found = {name: [action.dest for action in numbers(name)] for name in COMMANDS}

    assert {name: dests for name, dests in found.items() if dests} == {
        "create_token": ["expires_in"],
        "demo": ["port"],
        "partition": ["parts"],
        "prune": ["parent"],
        "seed_issues": ["count", "seed"],
        "serve": ["port"],
        "undo": ["mutation"],
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_a_number_is_digits_in_its_range(capsys: pytest.CaptureFixture[str], name: str) -> None:
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    for action in parser._actions:
        # int takes 1_000, and any number of digits; Django's own argument stands beside its choices.
        assert action.type is not int or action.dest == "verbosity", action.dest

    for action in numbers(name):
        for word in NO_NUMBERS:
            arguments = [f"{action.option_strings[0]}={word}"] if action.option_strings else ["--user=x", "--", word]
            assert "argument" in said(capsys, name, *arguments), (action.dest, word[:20])


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("arguments", [["--nonsense"], ["a", "b", "c", "d"], ["--verbosity=9"]])
def test_what_no_command_takes_is_a_sentence(
    capsys: pytest.CaptureFixture[str], name: str, arguments: list[str]
) -> None:
    if name != "migrate":
        said(capsys, name, *arguments)


@pytest.mark.parametrize("host", ["a..b", "x" * 64, ".", "a." + "x" * 64])
def test_no_name_of_a_host_is_a_crash(capsys: pytest.CaptureFixture[str], host: str) -> None:
    assert "is no name or address of a host" in said(capsys, "serve", f"--host={host}", "--port=1")


def test_code_that_calls_a_command_gets_an_exception() -> None:
    with pytest.raises(CommandError, match="argument --parent: 'x' is no number of a process from 1 to 4194304"):
        call_command("prune", "--parent=x")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["undo", "abc", "--user", "jane"], 2, "manage.py undo: argument mutation: 'abc' is no number of a mutation "),
        (["generateschema"], 1, "CommandError: The document of the API is written by another command: manage.py spec"),
        (["create_token", "--user", "\udcff"], 1, "An argument has bytes that are no UTF-8."),
    ],
)
def test_at_the_command_line(tmp_path: Path, arguments: list[str], code: int, sentence: str) -> None:
    done = manage(tmp_path, *arguments)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert done.stderr.startswith(sentence)


def test_says_in_one_sentence_that_standard_output_is_full() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "manage.py", "--help"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stderr) == (
        1,
        "Standard output can't be written (No space left on device): some of what was said is missing.\n",
    )
