"""Durable work: when to try again, and the one loop that does it."""
