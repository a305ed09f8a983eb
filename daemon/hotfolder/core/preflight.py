"""
What is refused before it is sent: by its name, by its head, by its size.

Speaks up only where the server's refusal is certain; all else is for the server to say.
"""

from __future__ import annotations

from typing import Final

from hotfolder.core import naming, wording
from hotfolder.core.model import NotTaken

POST_EXTRA_BYTES: Final = 64 * 1024
"""Of the limit of a POST for what stands around the file: settings and boundaries (PROTOCOL 7)."""


def objection(file_name: str, size_bytes: int, head: NotTaken | None, max_post_bytes: int | None) -> str | None:
    """
    Return why a file will not be sent, in words for people and with the cure, or None.

    `head` is what the file's own head told, `max_post_bytes` what the server takes in one POST; None = not known.
    """
    unusable = naming.unusable(file_name)
    if unusable is not None:
        return unusable
    if head is not None:
        return wording.NOT_TAKEN[head]
    return too_large(size_bytes, max_post_bytes)


def too_large(size_bytes: int, max_post_bytes: int | None) -> str | None:
    """Return why a file of this size will not be sent, or None; without a known limit there is none."""
    if max_post_bytes is None or size_bytes + POST_EXTRA_BYTES <= max_post_bytes:
        return None
    most = max(0, max_post_bytes - POST_EXTRA_BYTES)
    return wording.TOO_LARGE.format(size=wording.spoken_size(size_bytes), most=wording.spoken_size(most))
