"""The history: who did what to how many issues and when, by which it was taken back; and taking it back."""
