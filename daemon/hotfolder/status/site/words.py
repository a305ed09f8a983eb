"""
What people read instead of states and outcomes, with the sign and the style that go with each word.

The texts are message ids: a page shows them in its reader's language. Nothing is told by colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hotfolder.core.model import Outcome, PostState
from hotfolder.status.story import What


@dataclass(frozen=True, slots=True)
class Word:
    """One state in words."""

    text: str
    sign: str
    style: str  # of the style sheet: good, bad, wait, busy, plain
    more: str = ""  # a second sentence


STATES: Final = {
    "settling": Word("Still copying", "…", "wait"),
    "ready": Word("Waiting", "…", "wait"),
    "working": Word("Uploading", "↑", "busy"),
    "processing": Word("At Adobe", "⟳", "busy"),
    "held": Word("Needs you", "!", "bad"),
}
"""Drop states (DESIGN 4.4) of what is under way."""

OUTCOMES: Final = {
    Outcome.STORED: Word("Uploaded", "✓", "good"),
    Outcome.UPDATED: Word("Replaced the earlier image", "✓", "good"),
    Outcome.RENAMED: Word("Uploaded under another name", "?", "wait", "The website still shows the old image."),
    Outcome.DUPLICATE: Word("Not uploaded: this name already exists", "✗", "bad"),
    Outcome.FAILED: Word("Not uploaded", "✗", "bad"),
    Outcome.REJECTED: Word("Not uploaded", "✗", "bad"),
    Outcome.UNKNOWN: Word("Being checked", "?", "wait", "Somebody has to look whether it is online."),
    Outcome.WITHDRAWN: Word("Taken back", "–", "plain"),
}

FOLDERS: Final = {
    "watching": Word("Working", "✓", "good"),
    "polling": Word("Working", "✓", "good"),
    "degraded": Word("Out of reach", "✗", "bad"),
    "held": Word("Paused", "‖", "wait"),
}

SERVERS: Final = {
    "ok": Word("Connected", "✓", "good"),
    "unreachable": Word("Out of reach", "✗", "bad"),
    "refused": Word("Lets us in no more", "✗", "bad"),
}

COUNTS: Final = {
    "settling": "still copying",
    "ready": "waiting",
    "working": "uploading",
    "processing": "at Adobe",
    "held": "need you",
    "done": "uploaded",
    "check": "to be checked",
    "failed": "not uploaded",
    "ignored": "left out",
}

UPLOADS: Final = {
    "claiming": "Begins",
    "waiting": "Waits for its turn",
    "sending": "Uploading",
    "asking": "Adobe is asked what arrived",
    "closing": "Uploading",
    "processing": "At Adobe",
    "filing": "Being put away",
    "watched": "Watched in case it shows up after all",
    "done": "Done",
}
"""States of a job, as `status --json` calls them."""

STEPS: Final = {
    What.SEEN: "Seen in the hot folder",
    What.COMPLETE: "Complete",
    What.CLAIMED: "Taken over for uploading",
    What.SENDING: "Upload began",
    What.ENDED: "Everything was at Adobe",
    What.FILED: "Put away",
    What.LIVE: "Went live",
}
"""Moments in the history of a file."""

POSTS: Final = {
    PostState.INTENT: "begun",
    PostState.ACCEPTED: "accepted",
    PostState.REFUSED: "refused",
    PostState.UNKNOWN: "unknown",
    PostState.NOT_SENT: "not sent",
}

LEFT_A_MINUTE: Final = "less than a minute left to send"
LEFT_MINUTES: Final = "about {minutes} minutes left to send"
LEFT_HOURS: Final = "about {hours} hours left to send"

NOTHING_TO_DO: Final = "nothing to do"
NO_LINK: Final = "This link is not, or no longer, good."
TOO_LONG: Final = "That is too long for a password."
WRONG_WORD: Final = "That is not the password."

ELSE: Final = Word("Not known", "–", "plain")


def of_drop(state: str, outcome: str | None) -> Word:
    """Return the word for a drop: by its outcome once it has one, by its state until then."""
    if outcome is not None:
        return OUTCOMES.get(Outcome(outcome), ELSE)
    return STATES.get(state, ELSE)
