"""
Whether every place among a server's jobs that is taken is taken by something: the others would never be free again.
"""

from __future__ import annotations

from collections.abc import Iterable

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.messages import Action, Claim, SendPost


def lost_places(coordinator: Coordinator, under_way: Iterable[Action]) -> list[str]:
    """
    Return what is wrong with the places, once every answer so far has been taken in.

    `under_way` are all actions that were asked for and have not been answered.
    """
    jobs = {action.job for action in under_way if isinstance(action, Claim | SendPost)}
    return [
        f"job {holder.job} of {holder.folder} has a place at {server}, and nothing of it is under way"
        for server in coordinator.connections
        for holder in coordinator.places.holders(server)
        if holder.is_busy and holder.job not in jobs
    ]


def overfull(coordinator: Coordinator, begun: Iterable[Action]) -> list[str]:
    """Return which servers have more under way than they have places, of those to which a POST of files has begun."""
    servers = {action.server for action in begun if isinstance(action, SendPost) and action.parts}
    return [
        f"{server} has {coordinator.places.busy(server)} jobs under way and {limit} places"
        for server in sorted(servers)
        if coordinator.places.busy(server) > (limit := coordinator.connections[server].parallelism.limit)
    ]
