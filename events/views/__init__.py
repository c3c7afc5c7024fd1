"""HTTP: what SDKs send, and what people ask about it."""
