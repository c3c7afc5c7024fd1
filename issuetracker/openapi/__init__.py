"""The API's document: what is sent and answered, at ``/api/0/schema/``, ``/api/0/docs/`` and in ``docs/openapi.yaml``.

Written by hand, in tables: bodies are not read by serializers alone, and answers are not made by any. What keeps it
true: drf-spectacular finds the addresses, and one that is not described is an error of ``make check``; every answer in
``tests/api`` is held against it; and so does Schemathesis (``tests/input``) with what it makes up.
"""
