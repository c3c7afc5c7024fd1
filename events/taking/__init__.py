"""From a request to a row on disk: who sends, how much they may, and what is not taken."""
