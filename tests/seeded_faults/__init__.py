"""Faults that are put into a copy of the tree, one at a time. Each takes a protection away, and a test must fail then.

``make faults`` runs them; the faults themselves are data, in the ``.toml`` files here. A fault names an exact text of a
file, and what stands there instead. Whoever moves or rewrites that text carries the fault along: test_seeded_faults.py
says at once which one no longer applies.
"""
