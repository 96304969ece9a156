"""What an arrangement says about enforcement information; without it nothing of that kind crosses."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EnforcementTerms:
    """For what and under which law information may be given, how long it is kept, and whether it may name anybody.

    `max_retention_days` counts from the day of issue; `release_within_h` is how long a paper waits for a second person.
    """

    purposes: frozenset[str]
    legal_bases: frozenset[str]
    max_retention_days: int
    nominal: bool = False
    release_within_h: float = 72.0
