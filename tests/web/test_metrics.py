"""Figures for Prometheus."""

from prometheus_client.parser import text_string_to_metric_families

from tests.plant import Api, Serve


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
