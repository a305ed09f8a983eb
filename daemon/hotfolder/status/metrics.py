"""
The daemon's numbers in the form that Prometheus scrapes.

Computed when they are asked for, in a registry of their own; counters never go back while the daemon runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

import hotfolder
from hotfolder.core.model import Outcome
from hotfolder.status.snapshot import JOB_STATES
from hotfolder.status.view import Taken, View

SERVER_STATES = ("ok", "unreachable", "refused")
FOLDER_STATES = ("watching", "polling", "degraded", "held")
DROP_STATES = ("settling", "ready", "working", "processing", "held")


class Metrics(Collector):
    """One page of numbers."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def page(self) -> bytes:
        """Return the numbers in the text format."""
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        """Nothing is asked of the daemon before somebody wants its numbers."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every family; what only the loop knows is as it was when it last answered."""
        running = self._view.running
        build = GaugeMetricFamily("hotfolder_build_info", "The version that runs", labels=["version"])
        build.add_metric([hotfolder.__version__], 1)
        yield build
        yield CounterMetricFamily("hotfolder_loop_turns", "Turns of the daemon's loop", value=running.turns)
        yield CounterMetricFamily(
            "hotfolder_sent_bytes", "Bytes of files sent since the daemon began", value=self._view.sent_bytes()
        )
        yield GaugeMetricFamily(
            "hotfolder_ledger_trouble",
            "1 while the ledger cannot be written",
            value=float(running.ledger_error is not None),
        )
        taken, trouble = self._view.last_known()
        yield GaugeMetricFamily(
            "hotfolder_loop_answers", "1 while the loop answers in time", value=float(trouble is None)
        )
        if taken is not None:
            yield from _of(taken)


def _of(taken: Taken) -> Iterator[Metric]:
    snapshot = taken.snapshot
    ended = CounterMetricFamily(
        "hotfolder_drops", "Drops that came to their end, all the ledger knows", labels=["folder", "outcome"]
    )
    under_way = GaugeMetricFamily("hotfolder_drops_under_way", "Drops not at their end", labels=["folder", "state"])
    ignored = GaugeMetricFamily("hotfolder_ignored_files", "Files that are no drops", labels=["folder"])
    states = GaugeMetricFamily("hotfolder_folder_state", "1 for the state of a hot folder", labels=["folder", "state"])
    for folder in snapshot["folders"]:
        name, counts = folder["name"], folder["counts"]
        totals = taken.totals.get(name, {})
        for outcome in Outcome:
            ended.add_metric([name, outcome.value], totals.get(outcome.value, 0))
        for state in DROP_STATES:
            under_way.add_metric([name, state], counts[state])
        ignored.add_metric([name], counts["ignored"])
        for state in FOLDER_STATES:
            states.add_metric([name, state], float(folder["state"] == state))
    jobs = GaugeMetricFamily("hotfolder_jobs", "Jobs not at their end", labels=["state"])
    found = Counter(job["state"] for job in snapshot["jobs"])
    for state in dict.fromkeys(JOB_STATES.values()):
        jobs.add_metric([state], found[state])
    waiting = GaugeMetricFamily(
        "hotfolder_files_waiting_to_publish",
        "Stored files whose publish has not begun",
        value=snapshot["publishing"]["files_waiting"],
    )
    servers = GaugeMetricFamily("hotfolder_server_state", "1 for the state of a server", labels=["server", "state"])
    polled = GaugeMetricFamily(
        "hotfolder_last_poll_timestamp_seconds",
        "When a server last told how jobs stand; it is asked only while there are some",
        labels=["server"],
    )
    expires = GaugeMetricFamily(
        "hotfolder_password_expires_timestamp_seconds",
        "When the password of a server's user expires, if the server tells",
        labels=["server"],
    )
    for server in taken.attention["servers"]:
        if server["password_expires"] is not None:
            expires.add_metric([server["name"]], datetime.fromisoformat(server["password_expires"]).timestamp())
        for state in SERVER_STATES:
            servers.add_metric([server["name"], state], float(server["state"] == state))
        at = taken.polled_at[server["name"]]
        if at is not None:
            polled.add_metric([server["name"]], at.timestamp())
    yield from (ended, under_way, ignored, states, jobs, waiting, servers, polled, expires)
