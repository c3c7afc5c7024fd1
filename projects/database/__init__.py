"""What every app asks PostgreSQL with: transactions, statements, pages by key, arrays."""
