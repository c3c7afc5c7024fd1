"""The API's document: what is sent and answered, at ``/api/0/schema/``, ``/api/0/docs/`` and in ``docs/openapi.yaml``.

Answers are described by the types that mypy holds them against (issues/answers.py, projects/answers.py). All else is
written by hand, in tables: bodies are not read by serializers alone. What keeps it true: drf-spectacular finds the
addresses, and one that is not described is an error of ``make check``; every answer in ``tests/api`` is held against
the document; and Schemathesis holds the service against it (``tests/input``) with what it makes up.
"""
