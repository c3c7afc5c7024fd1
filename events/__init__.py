"""What SDKs send: taken in, read, grouped, and counted as issues (contract section 7)."""
