"""What the domain answers when it won't, or can't now. Nothing was changed whenever one of these is raised."""


class MutationRefused(Exception):
    """The request is well formed, but this change is not to be had; the message is fit for the caller.

    A refusal is a subclass, defined next to the function that raises it; issuetracker/exceptions.py makes it a 400.
    """


class TryAgain(Exception):
    """Others are changing the same issues just now; the same request may well succeed in a few seconds."""
