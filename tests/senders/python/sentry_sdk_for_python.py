"""A program with Sentry's SDK for Python, told by its environment where to send to."""

import sentry_sdk

sentry_sdk.init()
sentry_sdk.set_user({"id": "42"})
sentry_sdk.set_tag("pump", "3")


class PumpError(Exception):
    pass


def start() -> None:
    try:
        int("no pressure")
    except ValueError as cause:
        raise PumpError("pump 3 lost suction") from cause


try:
    start()
except PumpError as error:
    sentry_sdk.capture_exception(error)
sentry_sdk.capture_message("The pump has stopped")
