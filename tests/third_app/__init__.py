"""An app beside ``issues``: it shows that what every app needs can be had without it (tests/test_imports.py)."""
