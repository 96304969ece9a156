"""What a paper does besides being there: it changes a register or a ledger."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """The base of every effect. A kind's reading carries one; `flows.effects` knows how each is judged and applied."""

    @property
    def is_urgent(self) -> bool:
        """Whether the paper goes in lane A whatever lane its kind was agreed for."""
        return False
