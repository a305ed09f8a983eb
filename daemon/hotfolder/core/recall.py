"""
What we did before with a file just found: judged from the drops that the ledger has of it.

One rule for every ledger. A file is known again by its identity, which a rename inside one file system leaves alone.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from hotfolder.core.companions import NOT_SENT, PLEASE_CHECK, note_name, receipt_name
from hotfolder.core.messages import DroppedAt, RecallItem, RecallResult
from hotfolder.core.model import Drop, DropState, Outcome
from hotfolder.core.naming import asset_id

_RETURNABLE = frozenset({Outcome.FAILED, Outcome.DUPLICATE, Outcome.REJECTED, Outcome.RENAMED, Outcome.UNKNOWN})
"""Outcomes whose originals lie in `_failed` or `_check`: taking one from there means "try again"."""


def judge(
    item: RecallItem, earlier: Iterable[Drop], our_copies: Container[str], stored: tuple[DroppedAt, ...] = ()
) -> RecallResult:
    """
    Say what a found file is to us; the newest filed drop of its identity decides.

    `earlier` are drops of its hot folder, at least all that are filed and have its identity; others are passed over.
    `our_copies` holds the digests of notes and receipts of ours, at least the item's if it is one. `stored` is passed
    on.
    """
    drop = max(
        (drop for drop in earlier if drop.state is DropState.FILED and drop.identity == item.identity),
        key=lambda drop: drop.id,
        default=None,
    )
    if drop is not None:
        was_kept = drop.was_kept or not drop.target_path
        if was_kept and drop.path == item.path:
            return RecallResult(item.path, "kept", drop.id)
        if drop.outcome in _RETURNABLE:
            # A kept original that has another name now was moved by a person: its new place counts, not the first.
            origin = None if was_kept else drop.origin or drop.path
            return RecallResult(item.path, "returned", drop.id, origin, copies_of(drop), stored)
    if item.digest is not None and item.digest in our_copies:
        return RecallResult(item.path, "copy")
    return RecallResult(item.path, stored=stored)


def asset_of(item: RecallItem) -> str:
    """Return the asset ID that a found file would get."""
    return asset_id(item.path.rpartition("/")[2])


def copies_of(drop: Drop) -> dict[str, str]:
    """Return what we have written beside a filed original: path to SHA-256."""
    if not drop.target_path:
        return {}
    above, slash, name = drop.target_path.rpartition("/")
    copies = {}
    if drop.note_digest is not None:
        suffix = PLEASE_CHECK if drop.outcome in (Outcome.RENAMED, Outcome.UNKNOWN) else NOT_SENT
        copies[f"{above}{slash}{note_name(name, suffix)}"] = drop.note_digest
    if drop.receipt_digest is not None:
        copies[f"{above}{slash}{receipt_name(name)}"] = drop.receipt_digest
    return copies
