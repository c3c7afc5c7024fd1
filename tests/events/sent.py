"""Requests as real SDKs sent them: tests/events/samples/, which says who."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import brotli

SAMPLES = Path(__file__).parent / "samples"
KEY = "0123456789abcdef" * 2  # in all of them

PACK = {"": bytes, "br": brotli.compress, "deflate": zlib.compress}


@dataclass(frozen=True)
class Sample:
    """One request; ``body`` is as it came over the wire."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in small letters
    body: bytes

    @property
    def encoding(self) -> str:
        return self.headers.get("content-encoding", "")


def sample(name: str) -> Sample:
    """Return the request of this file, packed again as its SDK had packed it."""
    stored = json.loads((SAMPLES / f"{name}.json").read_text())
    headers = {name.lower(): value for name, value in stored["headers"].items()}
    target = urlsplit(stored["path"])
    body = PACK[headers.get("content-encoding", "")](stored["body"].encode())
    return Sample(target.path, dict(parse_qsl(target.query)), headers, body)


NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))
