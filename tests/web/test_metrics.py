"""Figures for Prometheus."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from structura_local import __version__
from structura_local.certificates import end_of
from tests.plant import Api, Clock, Serve

ROOT = Path(__file__).parents[2]


async def scraped(api: Api) -> dict[str, float]:
    """What a Prometheus without a token sees: the values, by name and labels."""
    answer = await api.get("/metrics", None)
    assert answer.status == 200
    found = {}
    for family in text_string_to_metric_families(answer.body.decode()):
        for sample in family.samples:
            found[" ".join([sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()) if k != "le")])] = (
                sample.value
            )
    return found


async def test_it_is_opt_in(api: Api) -> None:
    """Nobody gets figures unless the setting says so."""
    assert (await api.get("/metrics", None)).status == 404


async def test_figures(serve: Serve) -> None:
    """Requests by route, whatever a client writes into an address; the plant's state; the process. No names."""
    async with serve(metrics=True) as api:
        for path in ("/api/machines", "/api/machines", "/api/machines/M-none", "/api/machines/M-other", "/nowhere/1"):
            await api.get(path)
        await api.ask("PUT", "/nowhere/2")
        found = await scraped(api)
        assert found["structura_requests_total method=GET route=/api/machines status=200"] == 2
        assert found["structura_requests_total method=GET route=/api/machines/{id} status=404"] == 2
        assert found["structura_requests_total method=GET route=none status=404"] == 1
        assert found["structura_requests_total method=other route=none status=404"] == 1
        assert found["structura_request_seconds_count route=/api/machines"] == 2
        assert found["structura_sync_linked"] == 0
        assert found["structura_disk_free_bytes"] > found["structura_database_bytes"] > 0
        assert found["process_resident_memory_bytes"] > 10e6
        before = found["structura_sync_pending"]
        await api.made("/api/machines", {"name": "Plegadora", "type": "CONFORMADORA"})
        assert (await scraped(api))["structura_sync_pending"] > before
        text = (await api.get("/metrics", None)).body.decode()
        assert "Plegadora" not in text
        assert "Norte" not in text
        assert "_created" not in text
        assert text.count(f'structura_build_info{{version="{__version__}"}} 1.0') == 1
        assert [name for name in found if "certificate" in name] == []


async def test_when_the_certificate_ends(serve: Serve, data_dir: Path, now: Clock) -> None:
    """With HTTPS its end is a figure, in seconds since 1970."""
    async with serve(metrics=True, tls="own", tls_port=0) as api:
        ends = end_of((data_dir / "tls" / "server.pem").read_bytes()).timestamp()
        assert (await scraped(api))["structura_certificate_not_after_timestamp_seconds"] == ends
        assert ends > now() / 1000


async def test_every_figure_is_documented(serve: Serve) -> None:
    """Operation's table has each that a plant gives out, and what it is."""
    text = (ROOT / "docs" / "operation.md").read_text()
    async with serve(metrics=True, tls="own", tls_port=0) as api:
        body = (await api.get("/metrics", None)).body.decode()
    names = set(re.findall(r"(?m)^# TYPE (structura_\w+)", body))
    assert len(names) >= 12
    assert {name for name in names if f"`{name}" not in text} == set()
