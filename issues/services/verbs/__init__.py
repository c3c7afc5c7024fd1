"""What a body can ask for: a verb is one room."""
