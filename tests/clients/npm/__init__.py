"""Sentry's clients that come from npm, unchanged, against the real server: `make test-clients`."""
