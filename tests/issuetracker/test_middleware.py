"""The headers that every answer has, whatever made it."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from issuetracker.middleware import ApiHeadersMiddleware


@pytest.mark.parametrize(("method", "content"), [("GET", b"[]"), ("HEAD", b"")])
def test_an_answer_to_head_has_the_length_of_a_body_that_it_does_not_have(method: str, content: bytes) -> None:
    answer = ApiHeadersMiddleware(lambda request: HttpResponse(b"[]", headers={"Content-Length": "2"}))

    response = answer(RequestFactory().generic(method, "/api/0/"))

    assert (response.content, response.headers["Content-Length"]) == (content, "2")
