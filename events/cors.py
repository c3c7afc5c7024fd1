"""What lets a page of another origin send, and read what it is answered (contract 7.2)."""

ON_EVERY_ANSWER = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": (
        "X-Sentry-Auth, X-Requested-With, X-Forwarded-For, Origin, Referer, Accept, Content-Type, Authentication, "
        "Authorization, Content-Encoding, Transfer-Encoding, sentry-trace, baggage, X-CSRFToken"
    ),
    "Access-Control-Expose-Headers": "X-Sentry-Error, X-Sentry-Rate-Limits, Retry-After",
}
ON_PREFLIGHTS = {"Access-Control-Max-Age": "3600"}


def on_errors(sentence: str) -> dict[str, str]:
    """Return the headers of an answer that is an error; its sentence is ASCII, on one line."""
    return {**ON_EVERY_ANSWER, "X-Sentry-Error": sentence}
