"""How much, how many and how long: what the server takes of a client before it gives up on it.

Read as ``limits.NAME`` when they are needed, so that a test can set others before it starts a server.
"""

import re

# --- a request ---

REQUEST_LINE_BYTES = 1024 * 1024  # without its end
HEADER_COUNT = 100
HEADER_BYTES = 8190  # each, without the end of its line
BODY_BYTES = 1024 * 1024  # a longer one is not read, and the service answers 413 (as projects/api/negotiation.py)
CHUNKED_BYTES = 16 * BODY_BYTES  # of a chunked body on the wire: one byte in a chunk of its own takes six
CHUNK_LINE_BYTES = 8190

# What SDKs send, by POST, may be larger: settings.INGEST_REQUEST_BYTES. What of it is over BODY_BYTES is in a file, of
# which a worker has so many at once: each is a descriptor, and 20 MiB at most by default.
LARGE_BODY_ADDRESSES = re.compile(r"/api/(?:[0-9]+/(?:envelope|store|security|csp-report)|store)/?")
LARGE_BODIES = 50
# Such a body that is too large is still read to its end, up to so much, and kept nowhere: the connection can go on.
LARGE_BODY_PASSED_BYTES = 128 * 1024 * 1024

# From its first byte on, a request line with its headers must arrive within so many seconds; within a body, no pause
# may last longer.
PATIENCE_SECONDS = 15
# A body must arrive within so many: one of 1 MiB comes at 17 kB a second then.
BODY_SECONDS = 60
# Phones send attachments; who is in the middle of one holds a file, and gives it up when others need one.
LARGE_BODY_SECONDS = 300

# --- an answer ---

# A client that takes nothing of its answer for so long is gone, or never meant to.
UNREAD_SECONDS = 60

# After the last answer on a connection: for how long, and how much, the server still reads what the client sends.
LINGER_SECONDS = 5
LINGER_SILENCE_SECONDS = 1
LINGER_BYTES = 128 * 1024 * 1024

# --- a connection between requests ---

# Longer than the 60 s for which nginx and load balancers keep theirs: who closes first must be the client, or its next
# PUT meets a closed connection.
IDLE_SECONDS = 75
# When the server ends: for how long it waits for clients, for a request that is on its way already.
LEAVE_SECONDS = 2
# When the server ends: for how long it works on the requests that it has.
GRACE_SECONDS = 30

# --- a worker process ---

CONNECTIONS = 1000
# Descriptors that are no clients': files, pipes, and for each thread a connection to the database, and a file to read.
RESERVED_DESCRIPTORS = 64 + LARGE_BODIES
DESCRIPTORS_OF_A_THREAD = 4
FEWEST_CONNECTIONS = 16
# What was read of requests that are not whole yet, with answers that nobody has taken yet.
HELD_BYTES = 128 * 1024 * 1024
ONE_READ_BYTES = 64 * 1024
# For so long a worker leaves a new client to the others, for each request that it is at work on; at most so long.
LEFT_TO_OTHERS_SECONDS = 0.0005
LEFT_AT_MOST_SECONDS = 0.005
# After the system had no descriptor, and nobody could be let go: until the next one is asked for.
BREATH_SECONDS = 1
