"""What the verbs stand on: the set that a request is about, its history, what it names."""
