"""What changes of issues cost, beside what PostgreSQL itself takes for the same rows: ``make bench``."""
