"""
How many POSTs a server gets side by side: half as many after trouble, and one more after each while of good ones.

Much at once is what a server in trouble stands least, and nothing tells from here how much it stands: so we ask for
less at once, and for more bit by bit.
"""

from __future__ import annotations

GOOD_POSTS = 10
"""So many good POSTs in a row, and `STEP_S`, earn one more place: a guess that a busy folder makes in a minute."""

STEP_S = 30.0
"""Tiny POSTs come by the dozen each second: ten of them say little of a server."""

PATIENT_STEP_S = 300.0
"""After so long one good POST is enough: of the largest files ten take hours."""

HALVING_S = 10.0
"""POSTs that were under way together fail together: what goes wrong within so long is one trouble."""


class Parallelism:
    """What one server is thought to stand; never less than 1, never more than `most`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = most
        self._changed_s = float("-inf")
        self._good_posts = 0  # since then, or since trouble

    @property
    def is_reduced(self) -> bool:
        """Whether fewer POSTs go side by side than the settings allow."""
        return self.limit < self.most

    def trouble(self, now_s: float) -> bool:
        """The server did not do what it was asked, for its own reasons; return whether there is less from now on."""
        self._good_posts = 0
        if now_s < self._changed_s + HALVING_S:
            return False
        was, self.limit = self.limit, max(1, self.limit // 2)
        self._changed_s = now_s
        return self.limit < was

    def good(self, now_s: float) -> bool:
        """A POST was taken; return whether all there is to be had is back by it."""
        if not self.is_reduced:
            return False
        self._good_posts += 1
        passed_s = now_s - self._changed_s
        if passed_s < STEP_S or (self._good_posts < GOOD_POSTS and passed_s < PATIENT_STEP_S):
            return False
        self.limit += 1
        self._changed_s = now_s
        self._good_posts = 0
        return not self.is_reduced
