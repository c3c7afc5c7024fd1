"""How much, how many and how long: what the server takes of a client before it gives up on it.

Read as ``limits.NAME`` when they are needed, so that a test can set others before it starts a server.
"""

# --- a request ---

REQUEST_LINE_BYTES = 1024 * 1024  # without its end
HEADER_COUNT = 100
HEADER_BYTES = 8190  # each, without the end of its line
BODY_BYTES = 1024 * 1024  # a longer one is not read, and the service answers 413 (as projects/api/negotiation.py)
CHUNKED_BYTES = 16 * BODY_BYTES  # of a chunked body on the wire: one byte in a chunk of its own takes six
CHUNK_LINE_BYTES = 8190

# From its first byte on, a request line with its headers must arrive within so many seconds; within a body, no pause
# may last longer.
PATIENCE_SECONDS = 15
# A body must arrive within so many: one of 1 MiB comes at 17 kB a second then.
BODY_SECONDS = 60

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
RESERVED_DESCRIPTORS = 64
DESCRIPTORS_OF_A_THREAD = 4
FEWEST_CONNECTIONS = 16
# What was read of requests that are not whole yet, with answers that nobody has taken yet.
HELD_BYTES = 128 * 1024 * 1024
ONE_READ_BYTES = 64 * 1024
# After the system had no descriptor, and nobody could be let go: until the next one is asked for.
BREATH_SECONDS = 1
