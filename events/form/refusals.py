"""Why a request of an SDK is refused: status and words as contract 7.3 and 7.4 have them.

SDKs and people who test one by hand look for these words, so they are part of the wire format.
"""

from typing import Any, ClassVar

from projects.refusals import Refusal

SHOWN_LETTERS = 60


def shown(word: str) -> str:
    """Return what was sent, fit for a sentence and for a header: one short line of ASCII."""
    short = word if len(word) <= SHOWN_LETTERS else f"{word[:SHOWN_LETTERS]}..."
    return "".join(letter if " " <= letter <= "~" else "?" for letter in short)


class MissingKey(Refusal):
    status = 401
    sentence = "missing authorization information"


class UnreadableKey(Refusal):
    """There are words where a key belongs, and no key is among them."""

    status = 401
    sentence = "bad x-sentry-auth header"


class BadRequest(Refusal):
    """What was sent is not of the form; ``causes`` say more exactly what is wrong with it."""

    status: ClassVar[int] = 400

    def __init__(self, sentence: str | None = None, *causes: str) -> None:
        self.causes = causes
        super().__init__(sentence)

    @property
    def body(self) -> dict[str, Any]:
        return {"detail": self.sentence, "causes": list(self.causes)}


class BadKey(BadRequest):
    sentence = "bad sentry DSN public key"


class UnsupportedVersion(BadRequest):
    """The protocol of the SDK is none of 2 to 7."""

    def __init__(self, version: str) -> None:
        super().__init__(f"unsupported protocol version ({shown(version)})")


class UnsupportedEncoding(Refusal):
    status = 415

    def __init__(self, encoding: str) -> None:
        super().__init__(f"unsupported content encoding '{shown(encoding)}'")


class TooLarge(Refusal):
    """More than is taken, of the request or of a part of it that is needed."""

    status = 413

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"{what} is larger than {most} bytes")


class TooManyItems(Refusal):
    status = 413

    def __init__(self, most: int) -> None:
        super().__init__(f"the envelope has more than {most} items")


class BadEncoding(BadRequest):
    """The body is not what its Content-Encoding says, or it ends too early."""

    def __init__(self, encoding: str, cause: str) -> None:
        super().__init__(f"the body is not valid {encoding}", cause)


class BadEnvelopeHeader(BadRequest):
    sentence = "invalid envelope header"


class BadItemHeader(BadRequest):
    sentence = "invalid item header"


class EndsTooEarly(BadRequest):
    sentence = "unexpected end of file"


class MissingNewline(BadRequest):
    sentence = "missing newline after payload"


class BadEvent(BadRequest):
    sentence = "invalid event"


class BadReport(BadRequest):
    sentence = "invalid security report"


class BadClientReport(BadRequest):
    sentence = "invalid client report"
