"""Numbers for Prometheus."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families
from tests.unit.status.played import PlayedDaemon

from hotfolder.core.messages import FolderDown
from hotfolder.status.metrics import Metrics
from hotfolder.status.snapshot import Recent
from hotfolder.status.view import View

Scraped = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def metrics_of(daemon: PlayedDaemon, recent: Recent) -> Metrics:
    return Metrics(View(daemon, recent=recent, ledger=daemon.ledger, clock=daemon.clock, sent_bytes=lambda: 7))


def scraped(metrics: Metrics) -> Scraped:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.page().decode())
        for sample in family.samples
    }


def test_everything_is_there_before_anything_happened() -> None:
    """Series that begin with their first event are missed by the first alarm."""
    found = scraped(metrics_of(PlayedDaemon("catalog", "archive"), Recent()))
    assert found["hotfolder_drops_total", (("folder", "archive"), ("outcome", "unknown"))] == 0
    assert found["hotfolder_drops_under_way", (("folder", "catalog"), ("state", "held"))] == 0
    assert found["hotfolder_jobs", (("state", "processing"),)] == 0
    assert found["hotfolder_files_waiting_to_publish", ()] == 0
    assert found["hotfolder_server_state", (("server", "default"), ("state", "unreachable"))] == 1
    assert found["hotfolder_sent_bytes_total", ()] == 7
    assert found["hotfolder_loop_answers", ()] == 1
    assert all(name.startswith("hotfolder_") for name, _ in found)


def test_states_are_those_of_the_daemon() -> None:
    daemon = PlayedDaemon("catalog", "archive")
    daemon.come_up()
    daemon.step(FolderDown("archive", "not mounted"))
    daemon.drop("chair.jpg", is_complete=True)
    found = scraped(metrics_of(daemon, Recent({"catalog": {"stored": 3}})))
    assert found["hotfolder_folder_state", (("folder", "archive"), ("state", "degraded"))] == 1
    assert found["hotfolder_folder_state", (("folder", "catalog"), ("state", "watching"))] == 1
    assert found["hotfolder_drops_under_way", (("folder", "catalog"), ("state", "ready"))] == 1
    assert found["hotfolder_drops_total", (("folder", "catalog"), ("outcome", "stored"))] == 3


def test_counters_do_not_go_back_while_the_daemon_does_not_answer() -> None:
    daemon = PlayedDaemon()
    metrics = metrics_of(daemon, Recent({"catalog": {"stored": 3}}))
    before = scraped(metrics)
    daemon.is_busy = True
    daemon.clock.advance(5.0)
    after = scraped(metrics)
    counters = [key for key in before if key[0].endswith("_total")]
    assert counters
    assert all(after[key] >= before[key] for key in counters)
    assert after["hotfolder_loop_answers", ()] == 0
