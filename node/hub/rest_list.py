"""One list at the hub, read page by page; one item that spoils its page does not hide what is behind it."""

from collections.abc import Callable
from typing import Final, Generic

from node.errors import HubAnswerUnusable, HubError
from node.hub.put_off import PutOff
from node.hub.rest_calls import HubCalls, name_of
from node.hub.rest_pages import Item, Members, Page, read_page
from node.journal import Journal

PAGE_ITEMS: Final = 32
PROBES_A_LOOK: Final = 8
"""Pages asked for in one look to get past items that spoil their page."""


class RestList(Generic[Item]):
    """One list, read from its beginning again after the last page or a failure to reach the hub.

    What is settled leaves the list, so a cursor that was given before may lead past things not seen yet: it is only
    followed while nothing was taken.
    """

    def __init__(
        self, calls: HubCalls, path: tuple[str, ...], read: Callable[[Members], Item], journal: Journal
    ) -> None:
        self.path = path
        self._calls = calls
        self._read: Callable[[Members], Item] = read
        self._journal = journal
        self._cursor = ""
        self._size = PAGE_ITEMS
        # Behind items that spoil their page: how many are left out, and how many asked for.
        self._skip = 1
        self._size_behind = 1
        self._told: PutOff[str] = PutOff()

    @property
    def at_beginning(self) -> bool:
        """Whether the next page is the first."""
        return not self._cursor

    def rewind(self) -> None:
        """Begin anew."""
        self._cursor = ""

    def next_page(self) -> Page[Item]:
        """Fetch and read it. Raises HubError; then half as many items are asked for, should the page be too large.

        Where not even one item can be read by itself, it is left out: the page is what is behind it.
        """
        after, self._cursor = self._cursor, ""
        page = self._page_at(after)
        # A cursor that leads to itself would never come to an end.
        self._cursor = page.following if page.following != after else ""
        return page

    def _page_at(self, after: str) -> Page[Item]:
        size = self._size
        try:
            page = self._page(after, 0, size)
        except HubError as error:
            self._size = max(1, size // 2)
            if not isinstance(error, HubAnswerUnusable):
                raise
            if size > 1:
                # The place is kept: from the beginning, smaller pages might never come as far as this again.
                self._cursor = after
                raise
            return self._page_behind(after, error)
        self._size = min(PAGE_ITEMS, size * 2)
        self._skip = 1
        return page

    def _page(self, after: str, skip: int, size: int) -> Page[Item]:
        query = {
            "limit": str(size),
            **({"after": after} if after else {}),
            **({"skip": str(skip)} if skip else {}),
        }
        return read_page(self._calls.get(self.path, query), name_of("GET", self.path), self._read, size)

    def _page_behind(self, after: str, error: HubAnswerUnusable) -> Page[Item]:
        """The page behind the item at `after` that spoils its page, and behind others like it. Raises HubError.

        A hub that talks nonsense for a moment must not make a withdrawal overtake its paper. So the item is only left
        out when what is behind it can be read, and the item itself, asked for once more, still cannot.
        """
        page = self._probed(after)
        if page is None:
            raise error
        skipped, self._skip = self._skip, 1
        try:
            return self._page(after, 0, 1)
        except HubAnswerUnusable:
            if after not in self._told:
                self._told.add(after)
                self._journal("hub.item-spoils-its-page", place="/".join(self.path), items=skipped, error=error)
            return page

    def _probed(self, after: str) -> Page[Item] | None:
        for _ in range(PROBES_A_LOOK):
            try:
                page = self._page(after, self._skip, self._size_behind)
            except HubAnswerUnusable:
                if self._size_behind == 1:
                    self._skip += 1
                self._size_behind = max(1, self._size_behind // 2)
                continue
            self._size_behind = min(PAGE_ITEMS, self._size_behind * 2)
            return page
        return None
