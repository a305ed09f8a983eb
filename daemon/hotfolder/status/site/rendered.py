"""
The first page, rendered once for all who see the same of it: when something changes, every browser that looks on asks
for it at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable


class Rendered:
    """What was rendered of the latest snapshot; used in the event loop of the server only."""

    def __init__(self) -> None:
        self._snapshot: object = None
        self._pages: dict[Hashable, tuple[object, bytes]] = {}

    def of(self, snapshot: object, facts: object, kind: Hashable, render: Callable[[], bytes]) -> bytes:
        """
        Return the page of a snapshot and of the facts beside it, which are known again by being the same objects.

        `kind` is all else that makes a page another one: the language, what somebody may see and do.
        """
        if snapshot is not self._snapshot:
            self._snapshot = snapshot
            self._pages.clear()
        known = self._pages.get(kind)
        if known is None or known[0] is not facts:
            known = self._pages[kind] = facts, render()
        return known[1]
