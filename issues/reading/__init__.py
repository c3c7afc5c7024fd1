"""What a GET asks for, the desk's pages too: one call for each kind of thing, with values in and values out.

Nothing here writes, knows HTTP or chooses a database (docs/decisions/0033). The serializers, and the desk, put into
words what is read.
"""
