"""The headers that every answer has, whatever made it; and which addresses are known to be of SDKs."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from issuetracker.middleware import LONGEST_KNOWN_ADDRESS, ApiHeadersMiddleware, _known_address, address_of_sdks


@pytest.mark.parametrize(("method", "content"), [("GET", b"[]"), ("HEAD", b"")])
def test_an_answer_to_head_has_the_length_of_a_body_that_it_does_not_have(method: str, content: bytes) -> None:
    answer = ApiHeadersMiddleware(lambda request: HttpResponse(b"[]", headers={"Content-Length": "2"}))

    response = answer(RequestFactory().generic(method, "/api/0/"))

    assert (response.content, response.headers["Content-Length"]) == (content, "2")


def test_remembers_no_address_that_could_be_of_any_length() -> None:
    assert address_of_sdks("/api/7/envelope/") is address_of_sdks("/api/7/envelope/")
    before = _known_address.cache_info().currsize

    found = address_of_sdks("/api/7/minidump/" + "x" * LONGEST_KNOWN_ADDRESS)

    assert found is not None
    assert found.name == "minidump"
    assert _known_address.cache_info().currsize == before
