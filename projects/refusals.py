"""What is not to be had: a status, a field and a sentence.

Whoever refuses raises a subclass of :class:`Refusal`, defined next to where it is raised. The API, the admin and
``manage.py`` say the same sentence; issuetracker/exceptions.py makes HTTP of it, and events/views/taking.py
where SDKs send. What PostgreSQL refuses becomes one in projects/database/failures.py.
"""

from typing import Any, ClassVar

# What every 503 says in Retry-After; those of the HTTP server (issuetracker/server) too.
RETRY_SECONDS = 5


class Refusal(Exception):
    """What was asked is not to be had; the sentence is fit for the caller.

    Nothing was changed, for certain, unless :attr:`is_certain` is False.
    """

    status: ClassVar[int] = 400  # as HTTP numbers it
    field: ClassVar[tuple[str, ...]] = ()  # where in the body the mistake is, from outside to inside; () is nowhere
    is_certain: ClassVar[bool] = True
    sentence: str

    def __init__(self, sentence: str | None = None) -> None:
        if sentence is not None:
            self.sentence = sentence
        super().__init__(self.sentence)

    @property
    def reason(self) -> str:
        """A short word for counts and logs; it never quotes a caller."""
        return type(self).__name__

    @property
    def body(self) -> dict[str, Any]:
        """The sentence as the API answers it: beside the field that is wrong, or as the ``detail``."""
        if not self.field:
            return {"detail": self.sentence}
        answer: Any = [self.sentence]
        for name in reversed(self.field):
            answer = {name: answer}
        return dict(answer)


class TryAgain(Refusal):
    """Others are in the way just now; the same request may well succeed in a few seconds."""

    status = 503
    sentence = "These issues are being changed by another request. Try again."
