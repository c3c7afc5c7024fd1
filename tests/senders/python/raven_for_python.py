"""A program with Raven, which was Sentry's SDK for Python until 2018."""

import raven

client = raven.Client()
client.user_context({"id": "42"})
client.tags_context({"pump": "3"})


class PumpError(Exception):
    pass


def start() -> None:
    try:
        int("no pressure")
    except ValueError as cause:
        raise PumpError("pump 3 lost suction") from cause


try:
    start()
except PumpError:
    client.captureException()
client.captureMessage("The pump has stopped")
