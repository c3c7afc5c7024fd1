"""The page of one issue: what happened, where, how often, and what was done about it."""
