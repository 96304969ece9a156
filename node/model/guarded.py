"""Kinds that leave and arrive by themselves alone, and only with the word of a second person."""

ENFORCEMENT = "enforcement_information"

GUARDED = frozenset({ENFORCEMENT})
"""Off unless an arrangement turns them on; alone in their call and under their seal; given only to who is named."""
