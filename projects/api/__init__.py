"""What the routes of every app have in common. Nothing here knows an issue."""
