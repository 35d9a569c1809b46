"""Plants that exchange with head office by files alone: real databases on both sides, nothing else in between."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

import pytest

from structura_local import clock
from structura_local.domain.alerts import ALERTS
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.jobs import JOBS
from structura_local.operations.rules import Rules
from sync.carry import stick
from sync.carry.plant import ClockDoubt
from sync.carry.stick import Refused
from sync.central import office
from sync.protocol import ClockAhead
from tests.postgres import execute, with_database
from tests.sync.carry.desk import Courier
from tests.sync.nodes import DAY
from tests.system.plant import query

pytestmark = pytest.mark.asyncio


async def test_two_pcs_and_head_office_by_files_alone(courier: Courier) -> None:
    """Both directions, SQL at head office, PIN keys; in the end all hold the same and know it."""
    a, b = await courier.enroll("a", ka="key of a"), await courier.enroll("b", kb="key of b")
    await a.add("C-1", phone="1")
    await b.add("C-2", phone="2")
    await courier.sql("INSERT INTO structura.clients (plant_id, id, name) VALUES ('norte', 'C-3', 'Tres')")
    for pc in (a, b, a):
        taken = await courier.there_and_back(pc)
        assert (taken.state, taken.waiting, taken.differing) == ("applied", 0, [])
    assert await courier.same(a, b)
    assert {"C-1", "C-2", "C-3"} <= {row_id for _, row_id in await courier.state()}
    assert courier.rings["a"].keys == courier.rings["b"].keys == {"ka": "key of a", "kb": "key of b"}


async def test_what_both_changed_adds_up_or_is_journaled(courier: Courier) -> None:
    """Stock taken at both PCs adds up; of a field changed at both the loser is in the journal of all."""
    a, b = await courier.enroll("a"), await courier.enroll("b")
    await a.add("I-1", INVENTORY, sku="S", unit="kg", quantity=100)
    await a.add("C-1", phone="0")
    for pc in (a, b):
        await courier.there_and_back(pc)
    await a.edit("I-1", INVENTORY, quantity=90)
    await a.edit("C-1", phone="a")
    courier.world.later()
    await b.edit("I-1", INVENTORY, quantity=75)
    await b.edit("C-1", phone="b")
    for pc in (a, b, a):
        assert (await courier.there_and_back(pc)).differing == []
    assert await courier.same(a, b)
    for pc in (a, b):
        assert (await pc.data("I-1", INVENTORY))["quantity"] == 65
        assert (await pc.data("C-1"))["phone"] == "b"
        assert [(e["field"], e["winner"], e["loser"]) for e in await pc.journal()] == [("phone", '"b"', '"a"')]


async def test_importing_again_changes_nothing(courier: Courier) -> None:
    """The same files once more, and older ones after newer ones, on both sides."""
    a, b = await courier.enroll("a"), await courier.enroll("b")
    await a.add("C-1", phone="1")
    first = await courier.export(a)
    await a.edit("C-1", phone="2")
    second = await courier.export(a)
    await courier.deliver(first)
    early = await courier.answer(a)
    await courier.deliver(second)
    await courier.there_and_back(b)
    await b.edit("C-1", phone="3")  # having seen the 2: nobody's conflict
    await courier.there_and_back(b)
    held = await courier.fingerprint()
    for file in (first, second, first):
        assert not (await courier.deliver(file)).news
        assert await courier.fingerprint() == held
    late = await courier.answer(a)
    assert (await courier.take(a, late)).differing == []
    rows, state = await a.everything(), await a.store.reader.state()
    for file in (late, early, late):
        taken = await courier.take(a, file)
        assert (taken.rows, taken.acknowledged, taken.state) == (0, 0, "known")
        assert await a.everything() == rows
        assert _lasting(await a.store.reader.state()) == _lasting(state)
    assert await a.journal() == []


def _lasting(state: Mapping[str, str]) -> dict[str, str]:
    """A node's state without the next word of its lineage, and without when it was last compared."""
    return {k: v for k, v in state.items() if k not in ("next", "step")}


async def test_a_lost_file_is_made_again(courier: Courier) -> None:
    """Exporting counts nothing as sent: whichever of several files arrives, all is there."""
    pc = await courier.enroll("a")
    await pc.add("C-1")
    waiting = await pc.waiting()
    await courier.export(pc)
    await pc.add("C-2")
    assert await pc.waiting() > waiting
    taken = await courier.there_and_back(pc)
    assert (taken.waiting, taken.differing) == (0, [])
    assert await courier.same(pc)


async def test_what_is_written_while_a_file_travels(courier: Courier) -> None:
    """It waits for the next file, and the sides agree on what has arrived until then."""
    pc = await courier.enroll("a")
    await pc.add("C-1", phone="1")
    await pc.add("I-1", INVENTORY, sku="S", unit="kg", quantity=100)
    await courier.deliver(await courier.export(pc))
    await pc.edit("C-1", phone="2")
    await pc.edit("I-1", INVENTORY, quantity=60)
    taken = await courier.take(pc, await courier.answer(pc))
    assert taken.differing == []
    assert taken.waiting == 2
    taken = await courier.there_and_back(pc)
    assert (taken.waiting, taken.differing) == (0, [])
    assert await courier.same(pc)
    assert (await pc.data("I-1", INVENTORY))["quantity"] == 60
    assert await pc.journal() == []


async def test_two_sticks_under_way_and_the_network_in_between(courier: Courier) -> None:
    """Each brings what is new in it; nothing comes twice, and both stay the same node."""
    pc = await courier.enroll("a")
    node = await pc.node()
    await pc.add("I-1", INVENTORY, sku="S", unit="kg", quantity=100)
    first = await courier.export(pc)
    await pc.edit("I-1", INVENTORY, quantity=90)
    second = await courier.export(pc)
    await courier.deliver(second)
    answer = await courier.answer(pc)
    await courier.online(pc)
    await pc.edit("I-1", INVENTORY, quantity=80)
    await courier.deliver(first)
    assert (await courier.take(pc, answer)).state == "known"
    third = await courier.export(pc)
    await courier.online(pc)
    assert pc.differing == []
    await courier.deliver(third)
    assert (await courier.there_and_back(pc)).differing == []
    assert await courier.same(pc)
    assert (await pc.data("I-1", INVENTORY))["quantity"] == 80
    assert await pc.node() == node


async def test_an_answer_from_before_the_network_came_back_is_refused(courier: Courier) -> None:
    """Its lineage is over; nothing of it is applied."""
    pc = await courier.enroll("a")
    await courier.there_and_back(pc)
    answer = await courier.answer(pc)
    await courier.online(pc)
    await courier.online(pc)
    rows = await pc.everything()
    with pytest.raises(Refused, match="older than what has been exchanged since"):
        await courier.take(pc, answer)
    assert await pc.everything() == rows


async def test_a_restored_plant_becomes_a_node_of_its_own(courier: Courier) -> None:
    """Head office takes nothing from it until then; what it had sent since the backup comes back to it."""
    pc = await courier.enroll("a")
    await pc.add("C-1")
    await courier.there_and_back(pc)
    await pc.backup("old")
    await pc.add("C-2")
    await courier.there_and_back(pc)
    node = await pc.node()
    await pc.restored("old")
    await pc.add("C-3")
    held = await courier.fingerprint()
    with pytest.raises(Refused, match="copied or restored"):
        await courier.deliver(await courier.export(pc))
    assert await courier.fingerprint() == held
    assert (await courier.take(pc, await courier.answer())).state == "new-node"
    assert await pc.node() != node
    taken = await courier.there_and_back(pc)
    assert (taken.state, taken.differing) == ("applied", [])
    assert {"C-1", "C-2", "C-3"} <= {row_id for _, row_id in await pc.everything()}
    assert await courier.same(pc)


async def test_a_copy_does_not_disturb_the_original(courier: Courier) -> None:
    """The copy is told that it is one, the original goes on."""
    pc = await courier.enroll("a")
    await courier.there_and_back(pc)
    copy = await courier.copied(pc, "b")
    await pc.add("C-1")
    await copy.add("C-2")
    await courier.deliver(await courier.export(pc))
    with pytest.raises(Refused, match="copied or restored"):
        await courier.deliver(await courier.export(copy))
    answer = await courier.answer(pc)  # both are the same node still: it is for both
    assert (await courier.take(pc, answer)).differing == []
    assert (await courier.take(copy, answer)).state == "new-node"
    await courier.there_and_back(copy)
    assert (await courier.there_and_back(pc)).differing == []
    assert await courier.same(pc, copy)


@pytest.mark.parametrize("by", ["file", "network"])
async def test_a_copy_that_has_the_same_word(courier: Courier, by: str) -> None:
    """Both were made from one image, on which a file had been made already: what one has sent is not the other's."""
    pc = await courier.enroll("a")
    await courier.export(pc)
    copy = await courier.copied(pc, "b")
    await pc.add("C-1")
    await copy.add("C-2")
    await courier.deliver(await courier.export(pc))
    if by == "file":
        assert (await courier.take(copy, await courier.answer(copy))).state == "new-node"
        await courier.there_and_back(copy)
    else:
        await courier.online(copy)
    assert await copy.node() != await pc.node()
    assert (await courier.there_and_back(pc)).differing == []
    await courier.there_and_back(copy)
    assert {"C-1", "C-2"} <= {row_id for _, row_id in await pc.everything()}
    assert await courier.same(pc, copy)


async def test_head_office_set_back(courier: Courier) -> None:
    """The file that comes next is not taken, its answer says why, and the one after that brings everything."""
    pc = await courier.enroll("a")
    await pc.add("C-1")
    await courier.there_and_back(pc)
    present = urlsplit(courier.dsn).path[1:]
    older, postgres = with_database(courier.dsn, f"{present}_older"), with_database(courier.dsn, "postgres")
    await execute(postgres, f"CREATE DATABASE {present}_older TEMPLATE {present}")
    try:
        for number in range(2, 5):
            await pc.add(f"C-{number}")
            await courier.there_and_back(pc)
        courier.dsn = older
        with pytest.raises(Refused):
            await courier.deliver(await courier.export(pc))
        assert (await courier.take(pc, await courier.answer(pc))).state in ("set-back", "new-node")
        taken = await courier.there_and_back(pc)
        assert (taken.state, taken.waiting, taken.differing) == ("applied", 0, [])
        assert await courier.same(pc)
        assert "C-4" in {row_id for _, row_id in await courier.state()}
    finally:
        await execute(postgres, f"DROP DATABASE {present}_older WITH (FORCE)")


async def test_a_file_that_begins_after_what_is_held_is_a_gap(courier: Courier) -> None:
    """Neither side applies anything ahead of what is missing, and the next round mends it."""
    pc = await courier.enroll("a")
    await pc.add("C-1")
    await courier.there_and_back(pc)
    await pc.add("C-2")
    await courier.sql("UPDATE structura_sync.node SET mark = mark - 1")
    with pytest.raises(Refused, match="Something is missing before this file"):
        await courier.deliver(await courier.export(pc))
    assert "C-2" not in {row_id for _, row_id in await courier.state()}
    assert (await courier.take(pc, await courier.answer(pc))).state == "set-back"
    assert (await courier.there_and_back(pc)).differing == []
    assert await courier.same(pc)
    await courier.sql("INSERT INTO structura.clients (plant_id, id, name) VALUES ('norte', 'C-3', 'Tres')")
    await courier.sql("UPDATE structura_sync.node SET pulled = (SELECT head FROM structura_sync.partition)")
    await courier.sql("UPDATE structura.clients SET phone = '3'")
    with pytest.raises(Refused, match="Something is missing before this file"):
        await courier.take(pc, await courier.answer(pc))
    assert "C-3" not in {row_id for _, row_id in await pc.everything()}
    assert (await courier.there_and_back(pc)).differing == []
    assert await courier.same(pc)


async def test_a_row_that_head_office_does_not_take(courier: Courier) -> None:
    """It is set aside by the answer; the others have passed. Put right, it goes with the next file."""
    pc = await courier.enroll("a")
    await pc.add("C-1", phone="a\0b")
    await pc.add("C-2")
    received = await courier.deliver(await courier.export(pc))
    assert [(collection, row_id) for collection, row_id, _ in received.refused] == [("clients", "C-1")]
    taken = await courier.take(pc, await courier.answer(pc))
    assert (taken.aside, taken.waiting, taken.differing) == (1, 0, [])
    ids = {row_id for _, row_id in await courier.state()}
    assert ("C-1" in ids, "C-2" in ids) == (False, True)
    await pc.edit("C-1", phone="b")
    taken = await courier.there_and_back(pc)
    assert (taken.aside, taken.differing) == (0, [])
    assert await courier.same(pc)


async def test_a_clock_that_is_ahead(courier: Courier) -> None:
    """Head office refuses the file whole; with the clock set right, the same changes go with right stamps."""
    pc = await courier.enroll("a")
    pc.error = 3 * 3_600_000
    await pc.add("C-1")
    with pytest.raises(Refused, match="ahead of head office's clock"):
        await courier.deliver(await courier.export(pc))
    assert await courier.state() == {}
    pc.error = 0
    with pytest.raises(ClockDoubt):
        await courier.export(pc)
    assert (await courier.there_and_back(pc, clock_is_right=True)).differing == []
    assert await courier.same(pc)
    assert (await courier.there_and_back(pc)).differing == []


async def test_a_clock_that_is_set_back_between_two_files(courier: Courier) -> None:
    """No file is made while it is wrong, as what was written last would lose to what the first file has brought."""
    pc = await courier.enroll("a")
    await pc.add("C-1", phone="first")
    await courier.deliver(await courier.export(pc))
    pc.error = -DAY
    await pc.restart()
    await pc.edit("C-1", phone="second")
    before = await pc.row("C-1")
    with pytest.raises(ClockDoubt) as doubt:
        await courier.export(pc)
    assert doubt.value.dated >= courier.world.ms
    assert abs(courier.world.ms - DAY - doubt.value.shown) < 60_000
    assert await pc.row("C-1") == before
    pc.error = 0
    await pc.restart()
    assert (await courier.there_and_back(pc)).differing == []
    assert (await pc.data("C-1"))["phone"] == "second"
    assert await courier.same(pc)


@pytest.mark.parametrize("mended", ["by a file", "by the network"])
async def test_a_conflict_met_by_a_clock_that_is_ahead(courier: Courier, mended: str) -> None:
    """What lost, and to what, is noted by stamps of the future; set right, they go to head office with the writes."""
    a, b = await courier.enroll("a"), await courier.enroll("b")
    await a.add("C-1", phone="0", email="0")
    for pc in (a, b, a):
        await courier.there_and_back(pc)
    a.error = 3 * 365 * DAY
    await a.restart()
    await a.edit("C-1", phone="a")
    courier.world.later()
    await b.edit("C-1", phone="b")
    await courier.there_and_back(b)
    await courier.take(a, await courier.answer(a))
    assert [(e["winner"], e["loser"]) for e in await a.journal()] == [('"a"', '"b"')]
    a.error = 0
    await a.restart()
    courier.world.later()
    if mended == "by a file":
        assert (await courier.there_and_back(a, clock_is_right=True)).differing == []
    else:
        with pytest.raises(ClockAhead):
            await courier.online(a)
        await courier.online(a)
    await courier.there_and_back(b)
    assert await courier.same(a, b)
    now = clock.iso(courier.world.ms)
    assert [(e["winner"], e["loser"], e["at"] <= now) for e in await b.journal()] == [('"a"', '"b"', True)]


async def test_rules_that_follow_from_a_file_by_a_clock_that_is_ahead(courier: Courier) -> None:
    """Who the rules are on this PC is stamped by its clock, and goes to head office once that is set right."""
    pc = await courier.enroll("a")
    await courier.there_and_back(pc)
    pc.error = 3 * 365 * DAY
    await pc.restart()
    pc.store.door.follow(Rules(UTC))
    await courier.sql(
        "INSERT INTO structura.inventory (plant_id, id, name, sku, quantity, min_threshold, unit)"
        " VALUES ('norte', 'I-1', 'Tornillos', 'T', 1, 5, 'kg')"
    )
    await courier.take(pc, await courier.answer(pc))
    assert [alert.data["relatedId"] for alert in await pc.store.reader.find(ALERTS)] == ["I-1"]
    pc.error = 0
    await pc.restart()
    for _ in range(2):
        assert (await courier.there_and_back(pc, clock_is_right=True)).differing == []
    assert await courier.same(pc)


async def test_a_clock_that_is_behind(courier: Courier) -> None:
    """Head office's file says what time it is at least: what waits is stamped by that."""
    pc = await courier.enroll("a")
    await courier.there_and_back(pc)
    pc.error = -24 * 3_600_000
    await pc.restart()
    await pc.add("C-1")
    born = (await pc.row("C-1")).born
    taken = await courier.take(pc, await courier.answer(pc))
    assert taken.behind > 23 * 3_600_000
    assert int((await pc.row("C-1")).born[:12], 16) > int(born[:12], 16) + 23 * 3_600_000
    assert (await courier.there_and_back(pc)).differing == []
    assert await courier.same(pc)


async def test_what_head_office_holds_keeps_its_stamps(courier: Courier) -> None:
    """The answer that tells of the right time acknowledges, too: what it speaks of has not to go there again."""
    pc = await courier.enroll("a")
    pc.error = -24 * 3_600_000
    await pc.restart()
    await pc.add("C-1")
    born = (await pc.row("C-1")).born
    await courier.deliver(await courier.export(pc))
    taken = await courier.take(pc, await courier.answer(pc))
    assert taken.behind > 23 * 3_600_000
    assert (taken.waiting, taken.differing) == (0, [])
    assert (await pc.row("C-1")).born == born


async def test_what_does_not_fit_comes_with_the_next_file(courier: Courier, monkeypatch: pytest.MonkeyPatch) -> None:
    """In both directions, and also when everything is offered."""
    a = await courier.enroll("a")
    for number in range(40):
        await a.add(f"J-{number}", JOBS, notes=clock.random_word(4_000), **ORDER)
    monkeypatch.setattr("sync.protocol.MAX_BATCH_ROWS", 10)
    monkeypatch.setattr("sync.carry.office.MAX_BATCH_ROWS", 10)
    monkeypatch.setattr(stick, "LARGEST", 30_000)
    monkeypatch.setattr(stick, "TOO_LARGE", 2**20)
    rounds = await _rounds(courier, a)
    assert rounds > 1
    b = await courier.enroll("b")
    assert await _rounds(courier, b) > 1
    assert await courier.same(a, b)
    await b.backup("old")
    await b.add("J-40", JOBS, **ORDER)
    await courier.there_and_back(b)
    await b.restored("old")
    with pytest.raises(Refused):
        await courier.deliver(await courier.export(b))
    assert (await courier.take(b, await courier.answer(b))).state == "new-node"
    assert await _rounds(courier, b) > 1
    assert await courier.same(b)


ORDER = {"projectId": "P", "machineType": "SOLDADURA", "productName": "Perfil", "targetQuantity": 1, "unit": "m"}


async def _rounds(courier: Courier, pc: Any) -> int:
    """How many rounds it takes until both sides are in step and nothing waits."""
    for number in range(1, 30):
        taken = await courier.there_and_back(pc)
        state = await pc.store.reader.state()
        if taken.differing == [] and not taken.waiting and "offer" not in state:
            return number
        assert taken.differing in (None, []), taken
    raise AssertionError("it never ends")


async def test_a_difference_is_found_and_mended(courier: Courier) -> None:
    """Digests that differ are said, and the next round brings everything again."""
    pc = await courier.enroll("a")
    await pc.add("C-1", phone="1")
    await courier.there_and_back(pc)
    await courier.sql("ALTER TABLE structura_sync.clients DISABLE TRIGGER USER", "DELETE FROM structura_sync.clients")
    await courier.sql("ALTER TABLE structura_sync.clients ENABLE TRIGGER USER")
    await courier.sql("UPDATE structura_sync.partition SET digests = digests - 'clients'")
    taken = await courier.there_and_back(pc)
    assert taken.differing == ["clients"]
    assert (await courier.there_and_back(pc)).differing == []
    assert await courier.same(pc)


async def test_nothing_is_exchanged_with_a_revoked_bundle(courier: Courier) -> None:
    """Neither its file is taken nor is there an answer."""
    pc = await courier.enroll("a")
    await courier.there_and_back(pc)
    await pc.add("C-1")
    await office.revoke(courier.dsn, courier.bundles["a"]["role"])
    with pytest.raises(Refused, match="has been revoked"):
        await courier.deliver(await courier.export(pc))
    with pytest.raises(Refused, match="has been revoked"):
        await courier.answer(pc)
    assert ("clients", "C-1") not in await courier.state()


async def test_who_is_meant_without_a_node(courier: Courier) -> None:
    """The only PC that exchanges by files; of several, the person has to say which."""
    with pytest.raises(Refused, match="has sent a file yet"):
        await courier.answer()
    a, b = await courier.enroll("a"), await courier.enroll("b")
    await courier.online(b)
    await courier.deliver(await courier.export(a))
    assert (await courier.take(a, await courier.answer())).differing == []
    await courier.deliver(await courier.export(b))
    with pytest.raises(Refused, match=f"with --node: .*{await b.node()}|{await a.node()}"):
        await courier.answer()
    (known,) = await query(courier.dsn, "SELECT count(*) AS n FROM structura_sync.node")
    assert known["n"] == 2


async def test_a_clock_that_died_between_two_files(courier: Courier) -> None:
    """It shows a year in which there was no such program: what is written then does not lose to what was before."""
    pc = await courier.enroll("a")
    await pc.add("C-1", phone="first")
    await courier.deliver(await courier.export(pc))
    pc.error = 946_684_800_000 - courier.world.ms
    await pc.restart()
    await pc.edit("C-1", phone="second")
    assert (await courier.there_and_back(pc)).differing == []
    assert (await pc.data("C-1"))["phone"] == "second"
    assert await courier.same(pc)
