"""Figures for Prometheus, if the setting `metrics` says so: requests as they happen, the plant's state when asked."""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from structura_local import __version__
from structura_local.clock import epoch_ms
from structura_local.domain.access import ADMIN, Caller
from structura_local.web.context import FRONT, SYSTEM
from structura_local.web.openapi.operation import Reply, described

# When each was counted first, beside it: many lines more, and nobody asks for them.
disable_created_metrics()  # type: ignore[no-untyped-call]

_ITSELF = Caller(None, ADMIN)  # what is given out has no names in it
_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # seconds


class Metrics:
    """What is counted since the start."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "structura_requests", "Requests by route and status.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "structura_request_seconds", "How long requests take.", ("route",), buckets=_BUCKETS, registry=self.registry
        )


METRICS = web.AppKey("metrics", Metrics)


@web.middleware
async def counted(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Count a request. By the route's pattern, never by what a client has put into an address."""
    started = time.monotonic()
    response = await handler(request)
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "none"
    method = request.method if request.method in _METHODS else "other"
    metrics = request.app[METRICS]
    metrics.requests.labels(method, route, str(response.status)).inc()
    metrics.seconds.labels(route).observe(time.monotonic() - started)
    return response


def counting(layers: Sequence[Middleware]) -> web.Application:
    """An application that counts what goes through these layers."""
    app = web.Application(middlewares=[counted, *layers])
    app[METRICS] = Metrics()
    return app


@described(
    id="getMetrics",
    tag="System",
    summary="Figures for Prometheus, if the setting metrics is true",
    open=True,
    answers={200: Reply({"type": "string"}, "In Prometheus' text format.")},
)
async def metrics(request: web.Request) -> web.Response:
    """GET /metrics"""
    state = _State(await request.app[SYSTEM].status(_ITSELF, request.app[FRONT].tls.certificate))
    body = generate_latest(request.app[METRICS].registry) + generate_latest(state)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})


class _State:
    """The plant's status as gauges; a collector in the library's sense."""

    def __init__(self, status: Mapping[str, Any]) -> None:
        self._status = status

    def collect(self) -> Iterator[GaugeMetricFamily | InfoMetricFamily]:
        """Each figure that is known."""
        yield InfoMetricFamily("structura_build", "The program that runs.", value={"version": __version__})
        status, sync, disk = self._status, self._status["sync"], self._status["disk"]
        backup, certificate = status.get("backups", {}), status.get("certificate", {})
        figures: tuple[tuple[str, str, float | None], ...] = (
            ("uptime_seconds", "How long the server has been running.", status["uptimeSeconds"]),
            ("sync_pending", "Changes that wait for head office.", sync["pending"]),
            ("sync_last_exchange_timestamp_seconds", "The last exchange.", _seconds(sync.get("lastExchange"))),
            ("sync_in_step_timestamp_seconds", "When both sides were last equal.", _seconds(sync.get("inStep"))),
            ("sync_linked", "Whether there is a link.", float(sync["state"] in ("waiting", "exchanging"))),
            ("sync_differing", "Collections that differ from head office's.", len(sync["differing"])),
            ("sync_set_aside", "Rows that one side could not take.", sync["setAside"]),
            ("sync_conflicts", "Conflicts that nobody has looked at.", sync["conflicts"]),
            ("disk_free_bytes", "Free space where the data is.", disk["freeBytes"]),
            ("database_bytes", "The database with its write-ahead log.", disk["databaseBytes"]),
            ("backup_age_seconds", "The newest backup's age.", backup.get("ageSeconds")),
            (
                "certificate_not_after_timestamp_seconds",
                "When the certificate for HTTPS ends.",
                _seconds(certificate.get("until")),
            ),
            ("unclean_stops", "How often the server was not stopped cleanly.", status["stops"]["unclean"]),
        )
        for name, about, value in figures:
            if value is not None:
                yield GaugeMetricFamily(f"structura_{name}", about, value=float(value))


def _seconds(moment: str | None) -> float | None:
    ms = epoch_ms(moment) if moment else None
    return None if ms is None else ms / 1000
