"""The history: who did what to how many issues and when, by which it was undone; and undoing it."""
