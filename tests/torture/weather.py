"""
What goes wrong between the daemon and the server of the simulation, drawn from a seed; after a while all is fine.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from hotfolder.ports import Clock, PostRequest

POSTS: Final = (
    "not sent",
    "swallowed before",
    "swallowed after",
    "replayed",
    "replayed, second answer",
    "replayed, answer lost",
    "arrives late",
    "busy",
    "busy, yet taken",
    "refused for now",
    "refused",
    "not let in",
    "page instead of the answer",
    "reset",
)
"""What may become of a POST; see `model.Line`."""

READS: Final = ("no answer", "not sent", "not let in")

INGEST: Final = ("upload error", "vanish", "renamed", "no row", "warning", "odd rows", "log lost")

LAGS: Final[Mapping[str, tuple[float, ...]]] = {
    "shown late": (0.5, 5.0, 19.0),
    "log late": (2.0, 30.0, 200.0),
}
"""How late a job is shown, always within the grace the settings give it, and how late its log has its end."""

LATENESS_S: Final = (3.0, 50.0, 500.0, 8_000.0, 60_000.0)
"""After which time a POST arrives that everybody has given up: seconds, or most of the day that it is watched for."""

T = TypeVar("T")


class Weather:
    """One history's luck. The same seed and the same questions give the same weather."""

    def __init__(
        self,
        clock: Clock,
        seed: int | str,
        *,
        chances: Mapping[str, float] | None = None,
        script: Sequence[str] = (),
        calm_s: float | None = None,
    ) -> None:
        """
        `chances` says how likely each thing is to go wrong, from 0 to 1; what is not in it never does.

        `script` is how the first POSTs go, whatever the chances. From `calm_s` on, by the monotonic clock, all is fine.
        """
        self._clock = clock
        self._chance = random.Random(f"weather {seed}")
        self._chances = dict(chances or {})
        self._script = list(script)
        self._calm_s = calm_s
        self.skew_s = 0.0  # the server's clock ahead of ours
        self.work_s = 3.0  # what a job takes
        self.hides_assets = False

    def is_calm(self) -> bool:
        """Return whether nothing goes wrong any more."""
        return self._calm_s is not None and self._clock.monotonic() >= self._calm_s

    def is_now(self, what: str) -> bool:
        """Return whether it happens this time."""
        chance = self._chances.get(what, 0.0)
        return chance > 0.0 and not self.is_calm() and self._chance.random() < chance

    def lag_s(self, what: str) -> float:
        """Return by how much something is late."""
        return self._chance.choice(LAGS[what]) if self.is_now(what) else 0.0

    def lateness_s(self) -> float:
        """Return after which time a POST arrives that is late."""
        return self._chance.choice(LATENESS_S)

    def of_post(self, request: PostRequest) -> str:
        """Return how the next POST goes."""
        if self._script:
            return self._script.pop(0)
        return next((mood for mood in POSTS if self.is_now(mood)), "fine")

    def of_read(self, what: str) -> str:
        """Return how the next question goes."""
        return next((mood for mood in READS if self.is_now(f"read: {mood}")), "fine")

    def state_word(self) -> str:
        """Return the word for a job at work; which it is says nothing (PROTOCOL 4.1)."""
        return self._chance.choice(("Running", "WaitingCoordinator", "Stopping", "Unknown", "Done"))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the same in another order."""
        return self._chance.sample(list(items), len(items))
