"""What is passed over for a while, so that nothing stands in the way of others."""

import time
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

PUT_OFF_S: Final = 30.0
"""How long something is passed over."""

MOST: Final = 16_384
"""What a hub makes us remember has an end: beyond it the oldest is forgotten, which is only looked at again sooner."""

Key = TypeVar("Key", bound=Hashable)


class PutOff(Generic[Key]):
    """Things put off, each for PUT_OFF_S from when it was put off last."""

    def __init__(self, most: int = MOST) -> None:
        """At most `most` of them are remembered."""
        self._most = most
        self._until: dict[Key, float] = {}

    def add(self, key: Key) -> None:
        """Pass `key` over from now on."""
        # Last in, last in order: so the first is always the one that ends first.
        self._until.pop(key, None)
        while len(self._until) >= self._most:
            del self._until[next(iter(self._until))]
        self._until[key] = time.monotonic() + PUT_OFF_S

    def forget_ended(self) -> None:
        """Let go of what has waited long enough."""
        now = time.monotonic()
        for key in [key for key, until in self._until.items() if until <= now]:
            del self._until[key]

    def __contains__(self, key: Key) -> bool:
        return self._until.get(key, 0.0) > time.monotonic()

    def __len__(self) -> int:
        return len(self._until)
