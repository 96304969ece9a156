"""What an arrangement says about how long the bodies of one kind are kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetentionTerms:
    """Days after the exchange ended, and days after the last day of validity that the paper names; the later counts.

    What is None is not asked. A paper that names no last day goes by the days after its end, else by the node's own.
    """

    days_after_end: int | None = None
    days_after_valid_until: int | None = None
