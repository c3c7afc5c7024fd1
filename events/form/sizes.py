"""How much of one request is taken, and how much of it is held: contract 7.3."""

from dataclasses import dataclass

MIB = 2**20

# Of an envelope: each line that says what follows. Those that SDKs send have a few hundred bytes.
HEADER_LINE = 64 * 1024
# An envelope of a million items, 4 bytes each, would keep a thread for seconds. SDKs send a few.
ITEMS = 100_000
# Of the reports that a client sends about what it lost: longer ones, and more, are passed over.
CLIENT_REPORT = 100 * 1024
CLIENT_REPORTS = 10
# Of the reports in one body of the Reporting API; browsers send a few.
CSP_REPORTS = 100
JSON_DEPTH = 100  # the outermost object is 1


@dataclass(frozen=True, slots=True)
class Sizes:
    """The greatest sizes, in bytes; each is a setting."""

    sent: int = 20 * MIB  # a request, as it came
    decoded: int = 100 * MIB  # the same, decoded
    event: int = 8 * MIB  # an event, before its over-long parts are cut
