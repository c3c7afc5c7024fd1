"""Programs with Sentry's SDKs, unchanged, which send to the real server: Python's in `make test`, the others in
`make test-clients`.
"""
