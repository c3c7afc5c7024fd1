"""From one JSON object to what is read of it (contract 7.5, 7.6): no database, no clock, no settings, no HTTP."""

from events.meaning.packing import pack, unpack
from events.meaning.reading import read

__all__ = ["pack", "read", "unpack"]
