"""A paper that names the day on which it goes, at both sides."""

from dataclasses import dataclass
from datetime import date

from node.model.effect import Effect


@dataclass(frozen=True, slots=True)
class RetainUntil(Effect):
    """The body is purged when `day` is over (UTC), unless a legal hold keeps it."""

    day: date
