"""How much waits to be counted, and for how long: what an operator asks."""

# One row: how many wait, how many of them were set aside, and for how many seconds the oldest of the others has waited.
# They are few, or an operator has to know: all are looked through once, wherever they are.
WAITING = """
    SELECT count(*),
           count(*) FILTER (WHERE set_aside_at IS NOT NULL),
           coalesce(extract(epoch FROM greatest(
               now() - min(received_at) FILTER (WHERE set_aside_at IS NULL), '0'
           )), 0)::float8
    FROM events_arrival
"""
