"""The desk, as browsers ask it."""
