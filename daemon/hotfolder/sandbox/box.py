"""
The sandbox as a whole: one object that serves while its context is open.
"""

import http.client
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hotfolder.sandbox.account import COMPANY_NUMBER, FAR_AWAY, Account
from hotfolder.sandbox.catalogue import CatalogueFile
from hotfolder.sandbox.clock import Clock
from hotfolder.sandbox.errors import SandboxError
from hotfolder.sandbox.faults import Fault, FaultScript, make_fault, read_faults
from hotfolder.sandbox.ingest import Ingest, content_path
from hotfolder.sandbox.jobs import Jobs
from hotfolder.sandbox.names import OverwriteMode
from hotfolder.sandbox.operations import Operations
from hotfolder.sandbox.page import Page
from hotfolder.sandbox.publishing import Publishes
from hotfolder.sandbox.records import RequestRecord
from hotfolder.sandbox.server import BASE_PATH, SandboxServer, Services
from hotfolder.sandbox.soap import SoapService
from hotfolder.sandbox.store import Store
from hotfolder.sandbox.upload import UploadServlet
from hotfolder.sandbox.views import View, asset_views, job_views

JOB_TIMEOUT_S: Final = 30 * 60.0
"""Idle time of an open job (PROTOCOL 2.4)."""

MAX_POST_BYTES: Final = 8 * 1024**3
"""UploadPostMaxFileSize of the sandbox: no figure is documented; this one lets a 4 GiB file pass."""


class Sandbox:
    """
    An IPS server on this machine, listening while its context is open (or between `start` and `stop`).

    `data` is its directory; assets, jobs and logs outlive it there.
    `port` 0 takes a free one.
    `speed` is how many files per second a running job works through, 0 = at once.
    `job_timeout` is in seconds without a POST.
    `overwrite_mode` is the company's setting (PROTOCOL 3.2).
    `serial` lets one job run at a time.
    `auth_namespace` is which authHeader UploadFile takes, "versioned" or "unversioned" (PROTOCOL 1.4).
    `faults` is a TOML file or the same tables as mappings.
    `record_xml` keeps each request's XML in `requests`, passwords blanked; `max_requests` bounds that list.
    """

    def __init__(
        self,
        *,
        data: Path,
        port: int = 0,
        host: str = "127.0.0.1",
        company: str = "Example Co",
        user: str = "ingest@example.com",
        password: str = "secret",  # noqa: S107 - of a server for trying out
        speed: float = 0.0,
        job_timeout: float = JOB_TIMEOUT_S,
        faults: Path | Sequence[Mapping[str, object]] | None = None,
        overwrite_mode: str = OverwriteMode.FULL_NAME_ANY_FOLDER.value,
        serial: bool = False,
        auth_namespace: str = "versioned",
        max_post_bytes: int = MAX_POST_BYTES,
        password_expires: datetime | None = FAR_AWAY,
        record_xml: bool = False,
        max_requests: int = 10_000,
        clock: Clock | None = None,
    ) -> None:
        _check(company, speed, job_timeout, overwrite_mode)
        if auth_namespace not in ("versioned", "unversioned"):
            raise SandboxError(f"auth_namespace: found {auth_namespace!r}, wanted versioned or unversioned")
        self._data = data
        self._address = (host, port)
        self._account = Account(company=company, user=user, password=password, password_expires=password_expires)
        self._speed = speed
        self._job_timeout_s = job_timeout
        self._mode = OverwriteMode(overwrite_mode)
        self._serial = serial
        self._is_auth_versioned = auth_namespace == "versioned"
        self._max_post_bytes = max_post_bytes
        self._record_xml = record_xml
        self._max_requests = max_requests
        self._clock = clock or Clock()
        self._script = FaultScript(_faults(faults))
        self._store: Store | None = None
        self._server: SandboxServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, and prove it with a request; raises `SandboxError` and leaves nothing behind if that fails."""
        if self._server is not None:
            raise SandboxError("The sandbox is running already")
        self._store = Store(self._data)
        try:
            self._server = self._make_server(self._store)
            self._thread = threading.Thread(target=self._server.serve, name="sandbox")
            self._thread.start()
            self._prove_ready()
        except BaseException:
            self.stop()
            raise

    def _make_server(self, store: Store) -> SandboxServer:
        ingest = Ingest(store, self._mode, self._script)
        publishes = Publishes(store, self._script, company_number=COMPANY_NUMBER, speed=self._speed)
        jobs = Jobs(
            store,
            ingest,
            self._clock,
            company_number=COMPANY_NUMBER,
            speed=self._speed,
            timeout_s=self._job_timeout_s,
            publishes=publishes,
            serial=self._serial,
        )
        catalogue = CatalogueFile(self._data, company_number=COMPANY_NUMBER)
        limit = self._max_post_bytes
        services = Services(
            upload=UploadServlet(
                self._account,
                jobs,
                store,
                catalogue,
                max_post_bytes=limit,
                is_auth_versioned=self._is_auth_versioned,
            ),
            soap=SoapService(self._account, jobs, Operations(self._account, jobs, catalogue, max_post_bytes=limit)),
            jobs=jobs,
            page=Page(self._account, catalogue),
            script=self._script,
            clock=self._clock,
        )
        try:
            return SandboxServer(self._address, services, max_requests=self._max_requests, record_xml=self._record_xml)
        except OSError as error:
            host, port = self._address
            raise SandboxError(f"Cannot listen on {host}:{port}: {error.strerror}; choose another port") from error

    def _prove_ready(self) -> None:
        connection = http.client.HTTPConnection(self._address[0], self.port, timeout=10)
        try:
            connection.request("GET", "/healthz")
            status = connection.getresponse().status
        except OSError as error:
            raise SandboxError(f"The sandbox does not answer on port {self.port}: {error}") from error
        finally:
            connection.close()
        if status != 200:
            raise SandboxError(f"The sandbox answers {status} on port {self.port}")

    def stop(self) -> None:
        """Close every connection and the data directory; a second call is harmless."""
        if self._server is not None:
            self._server.stop()
            if self._thread is not None:
                self._thread.join()
            self._server.disconnect()
        if self._store is not None:
            self._store.close()
        self._server = self._store = self._thread = None

    @property
    def port(self) -> int:
        port: int = self._running().server_address[1]
        return port

    @property
    def url(self) -> str:
        """The page."""
        return f"http://{self._address[0]}:{self.port}"

    @property
    def base_url(self) -> str:
        """What stands before UploadFile and services/IpsApiService."""
        return f"{self.url}{BASE_PATH}"

    @property
    def requests(self) -> list[RequestRecord]:
        """The requests so far to UploadFile and the SOAP service, in the order they were answered."""
        return self._running().records()

    def add_fault(self, **keys: object) -> Fault:
        """
        Script one more fault, by the keys of a `[[fault]]` table (`from_` for `from`); see `faults`.

        The fault tells in `matches` and `hits` how often it was met.
        """
        fault = make_fault({name.rstrip("_"): value for name, value in keys.items()})
        self._script.add(fault)
        return fault

    def clear_faults(self) -> None:
        """Nothing goes wrong from here on."""
        self._script.clear()

    def assets(self) -> list[View]:
        """As `/api/assets` shows them."""
        with self._running().services.jobs.reading() as db:
            return asset_views(db)

    def jobs(self) -> list[View]:
        """As `/api/jobs` shows them."""
        with self._running().services.jobs.reading() as db:
            return job_views(db)

    def content(self, asset_name: str) -> Path:
        """The file that holds an asset's bytes; by-products have none. KeyError if there is no such asset."""
        with self._running().services.jobs.reading() as db:
            row = db.execute("select number from live_asset where name = ?", (asset_name,)).fetchone()
        if row is None:
            raise KeyError(asset_name)
        return content_path(self._data, row["number"])

    def trash(self, asset_name: str) -> None:
        """Delete an asset: for seven days its name is still taken (PROTOCOL 3.2). KeyError if there is none."""
        if not self._running().services.jobs.trash(asset_name):
            raise KeyError(asset_name)

    def _running(self) -> SandboxServer:
        if self._server is None:
            raise SandboxError("The sandbox is not running")
        return self._server


def _faults(faults: Path | Sequence[Mapping[str, object]] | None) -> list[Fault]:
    if faults is None:
        return []
    if isinstance(faults, Path):
        return read_faults(faults)
    return [make_fault(table, where=f"fault[{number}]") for number, table in enumerate(faults, 1)]


def _check(company: str, speed: float, job_timeout: float, overwrite_mode: str) -> None:
    if not company or "/" in company:
        raise SandboxError(f"company: found {company!r}, wanted a name without a slash")
    if not speed >= 0:
        raise SandboxError(f"speed: found {speed!r}, wanted files per second, 0 for at once")
    if not job_timeout > 0:
        raise SandboxError(f"job_timeout: found {job_timeout!r}, wanted seconds above 0")
    modes = [mode.value for mode in OverwriteMode]
    if overwrite_mode not in modes:
        raise SandboxError(f"overwrite_mode: found {overwrite_mode!r}, wanted one of {', '.join(modes)}")
