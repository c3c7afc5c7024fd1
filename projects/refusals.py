"""What the domain answers when it won't, or can't now. Nothing was changed whenever one of these is raised."""


class MutationRefused(Exception):
    """The request is well formed, but this change is not to be had; the message is fit for the caller.

    A refusal is a subclass, defined next to the function that raises it, or here when both the parser and a service
    do; issuetracker/exceptions.py makes it a 400.
    """


class UnknownActor(MutationRefused):
    """The body assigns to somebody whom this organization doesn't have, or hasn't any more."""

    def __init__(self) -> None:
        super().__init__("Unknown actor input")


class UnknownRelease(MutationRefused):
    """The body names a release that the project doesn't have, or hasn't any more."""

    def __init__(self) -> None:
        super().__init__("Unable to find a release with the given version.")


class TryAgain(Exception):
    """Others are changing the same issues just now; the same request may well succeed in a few seconds."""


def sqlstate(error: Exception) -> str | None:
    """Return PostgreSQL's five-letter code of what went wrong; None when it never answered."""
    return getattr(error.__cause__, "pgcode", None)
