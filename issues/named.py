"""What issues name by an id, and answers by a name."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from issues.mutation import Assignee

Named = Literal["people", "teams", "releases"]


class Person(NamedTuple):
    id: int
    username: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Names:
    """Those that are still there, by their ids; with ``tells_of_gone``, an answer has the id of others too."""

    people: dict[int | None, Person]
    teams: dict[int | None, Assignee]
    releases: dict[int | None, str]  # versions
    tells_of_gone: bool = False
