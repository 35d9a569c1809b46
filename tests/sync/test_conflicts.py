"""Which writes lost to one that had not seen them: exactly those, the same from both sides, and no secrets told."""

from dataclasses import replace
from typing import Any

import pytest

from structura_local.domain import parts
from structura_local.domain.actors import RULES
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.jobs import JOBS
from structura_local.domain.row import AGREED, ANY, LIFE, Row
from structura_local.domain.stamp import TIME_LENGTH, join
from structura_local.domain.users import USERS
from sync.conflicts import Conflict, Write, conflicts, entry, with_stamps
from sync.merge import merge

HERE, THERE = "node0001", "node0002"
ANA, RITA = "ana00001", "rita0001"  # who write at HERE; RITA in another run
BEA = "bea00001"  # who writes at THERE
RULES_HERE, RULES_THERE = "rules001", "rules002"
PEOPLE = {
    ANA: (HERE, "U-ANA"),
    RITA: (HERE, "U-RITA"),
    BEA: (THERE, "U-BEA"),
    RULES_HERE: (HERE, RULES),
    RULES_THERE: (THERE, RULES),
}


def who(stamp: str) -> tuple[str, str] | None:
    return PEOPLE.get(stamp[TIME_LENGTH:])


def at(ms: int, actor: str) -> str:
    return join(ms, 0, actor)


AGREED_STAMP = at(1, BEA)
ROW = Row("j", AGREED_STAMP, 1, {}, {}, {"status": "PENDING", "notes": "0"})


def with_notes(value: str | None, stamp: str, row: Row = ROW) -> Row:
    return replace(row, stamps={**row.stamps, "notes": stamp}, data={**row.data, "notes": value})


def deleted(stamp: str, row: Row = ROW) -> Row:
    return replace(row, life=row.life + 1, stamps={**row.stamps, LIFE: stamp})


def found(dirty: Row, base: dict[str, Any], other: Row, collection: Any = JOBS) -> list[Conflict]:
    """As HERE meets it, who has written `dirty`."""
    return list(conflicts(collection, dirty, base, other, HERE, who))


BASE = {"notes": AGREED_STAMP, AGREED: 1}


def test_two_writes_that_had_not_seen_each_other() -> None:
    """The later wins; the other is told, whichever side it is on."""
    mine, theirs = with_notes("mine", at(5, ANA)), with_notes("theirs", at(6, BEA))
    write_mine, write_theirs = Write("mine", at(5, ANA)), Write("theirs", at(6, BEA))
    assert found(mine, BASE, theirs) == [Conflict("notes", write_theirs, write_mine)]
    earlier = with_notes("theirs", at(4, BEA))
    assert found(mine, BASE, earlier) == [Conflict("notes", write_mine, Write("theirs", at(4, BEA)))]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (ROW, "the other side has what was agreed"),
        (with_notes("mine", at(5, ANA)), "a repeated delivery: it is the same write"),
        (with_notes("before", at(4, RITA)), "this node's own, in another run"),
        (with_notes("later", at(9, RITA)), "this node's own, and later"),
        (with_notes("mine", at(6, BEA)), "the same value"),
        (with_notes("old", at(0, BEA)), "older than what was agreed"),
        (replace(ROW, stamps={"status": at(9, BEA)}, data={**ROW.data, "status": "HALTED"}), "another field"),
    ],
)
def test_what_is_no_conflict(other: Row, why: str) -> None:
    """The other side's write is the base, the incoming one, or by this node."""
    assert found(with_notes("mine", at(5, ANA)), BASE, other) == [], why


def test_who_is_not_known_may_be_anybody() -> None:
    """An actor whose row has not come yet is taken for somebody else: better an entry too many."""
    assert found(with_notes("mine", at(5, ANA)), BASE, with_notes("theirs", at(6, "nobody01")))


def test_only_what_changed_here_can_lose_here() -> None:
    """A field without a base was not changed here, whatever the other side says of it."""
    base = {"status": AGREED_STAMP, AGREED: 1}
    assert found(ROW, base, with_notes("theirs", at(6, BEA))) == []
    assert found(ROW, BASE, with_notes("theirs", at(6, BEA))) == [], "and not if nothing newer is here"


def test_a_new_row_of_the_same_id_at_both() -> None:
    """Of a row that central has never had all fields are news."""
    mine = Row("j", at(5, ANA), 1, {}, {}, {"status": "PENDING", "notes": "mine"})
    theirs = Row("j", at(6, BEA), 1, {}, {}, {"status": "PENDING", "notes": "theirs"})
    (conflict,) = found(mine, {ANY: ""}, theirs)
    assert (conflict.field, conflict.loser.value, conflict.winner.value) == ("notes", "mine", "theirs")


def test_a_delete_there_buries_edits_here() -> None:
    """The edit is journaled against the delete, also one that is later than it."""
    for ms in (5, 7):
        mine = with_notes("mine", at(ms, ANA))
        (conflict,) = found(mine, BASE, deleted(at(6, BEA)))
        assert conflict == Conflict("notes", Write(None, at(6, BEA)), Write("mine", at(ms, ANA)))


def test_a_delete_here_buries_edits_there() -> None:
    """As the other side sees the same."""
    mine = deleted(at(6, ANA))
    (conflict,) = found(mine, {LIFE: "", AGREED: 1}, with_notes("theirs", at(5, BEA)))
    assert conflict == Conflict("notes", Write(None, at(6, ANA)), Write("theirs", at(5, BEA)))


def test_a_delete_here_buries_a_stock_there() -> None:
    """Also one that was set before the row was made here, or before what was taken of it here."""
    theirs = Row("i", at(5, BEA), 1, {}, parts.based({}, "quantity", at(5, BEA), 7), {"name": "x", "quantity": 7})
    mine = Row("i", at(6, ANA), 2, {LIFE: at(8, ANA)}, {}, {"name": "x"})
    lost = Conflict("quantity", Write(None, at(8, ANA)), Write(7, at(5, BEA)))
    assert found(mine, {ANY: ""}, theirs, INVENTORY) == [lost]
    entries = parts.counted(parts.based({}, "quantity", AGREED_STAMP, 9), "quantity", ANA, 8)
    taken = Row("i", AGREED_STAMP, 2, {"quantity": at(6, ANA), LIFE: at(8, ANA)}, entries, {"name": "x", "quantity": 8})
    base = {"quantity": AGREED_STAMP, LIFE: "", AGREED: 1}
    assert lost in found(taken, base, replace(theirs, born=AGREED_STAMP, stamps={"quantity": at(5, BEA)}), INVENTORY)


def test_a_delete_that_has_seen_the_edit_buries_nothing() -> None:
    """Deleted after the edit was pulled: nobody lost anything."""
    edited = with_notes("theirs", at(5, BEA))
    assert found(deleted(at(6, ANA), edited), {LIFE: "", AGREED: 1}, edited) == []


def test_both_deleted_it() -> None:
    """Two deletes of one row agree."""
    assert found(deleted(at(6, ANA)), {LIFE: "", AGREED: 1}, deleted(at(7, BEA))) == []


def test_counters_and_sets_lose_nothing() -> None:
    """Differences add up; but of two bases one is lost."""
    agreed = parts.based({}, "quantity", AGREED_STAMP, 100)
    row = Row("i", AGREED_STAMP, 1, {}, agreed, {"quantity": 100})
    base = {"quantity": AGREED_STAMP, AGREED: 1}

    def changed(entries: parts.Parts, stamp: str) -> Row:
        return replace(row, stamps={"quantity": stamp}, parts=entries, data=parts.shown(row.data, entries))

    mine = changed(parts.counted(agreed, "quantity", ANA, 90), at(5, ANA))
    theirs = changed(parts.counted(agreed, "quantity", BEA, 80), at(6, BEA))
    assert found(mine, base, theirs, INVENTORY) == []
    mine = changed(parts.based(agreed, "quantity", at(5, ANA), 7), at(5, ANA))
    theirs = changed(parts.based(agreed, "quantity", at(6, BEA), 8.5), at(6, BEA))
    assert found(mine, base, theirs, INVENTORY) == [Conflict("quantity", Write(8.5, at(6, BEA)), Write(7, at(5, ANA)))]
    listed = parts.listed({}, "operatorIds", ANA, "1" * 16, ["U-1"])
    other = parts.listed({}, "operatorIds", BEA, "2" * 16, ["U-2"])
    one = Row("j", AGREED_STAMP, 1, {"operatorIds": at(5, ANA)}, listed, {"operatorIds": ["U-1"]})
    two = Row("j", AGREED_STAMP, 1, {"operatorIds": at(6, BEA)}, other, {"operatorIds": ["U-2"]})
    assert found(one, {"operatorIds": AGREED_STAMP}, two) == []


def test_counters_and_sets_of_a_newer_version_lose_nothing_either() -> None:
    """Also if only one of the two rows has ever had them: to the other nobody has said anything of them."""
    mine = Row("i", at(5, ANA), 1, {}, {}, {"name": "mine"})
    entries = parts.listed(parts.based({}, "reserved", at(4, BEA), 7), "shelves", BEA, "2" * 16, ["A"])
    theirs = Row("i", at(4, BEA), 1, {}, entries, parts.shown({"name": "theirs"}, entries))
    lost = Conflict("name", Write("mine", at(5, ANA)), Write("theirs", at(4, BEA)))
    assert found(mine, {ANY: "", AGREED: 0}, theirs, INVENTORY) == [lost]


def test_what_the_rules_did_twice_is_no_conflict() -> None:
    """Two nodes whose rules acted on one cause did the same thing; against a person's write it is one."""
    mine, theirs = with_notes("mine", at(5, RULES_HERE)), with_notes("theirs", at(6, RULES_THERE))
    assert found(mine, BASE, theirs) == []
    assert found(with_notes("mine", at(5, ANA)), BASE, theirs)
    assert found(mine, BASE, with_notes("theirs", at(6, BEA)))


def test_the_entry_is_the_same_from_both_sides() -> None:
    """Both make one row of the journal, whoever meets the conflict first."""
    mine, theirs = with_notes("mine", at(5, ANA)), with_notes("theirs", at(6, BEA))
    (here,) = found(mine, BASE, theirs)
    (there,) = conflicts(JOBS, theirs, BASE, mine, THERE, who)
    assert entry(JOBS, "j", here) == entry(JOBS, "j", there)
    data = entry(JOBS, "j", here).data
    assert (data["collection"], data["rowId"], data["field"]) == ("jobs", "j", "notes")
    assert (data["winner"], data["winnerStamp"]) == ('"theirs"', at(6, BEA))
    assert (data["loser"], data["loserStamp"]) == ('"mine"', at(5, ANA))
    assert (data["at"], data["seen"]) == ("1970-01-01T00:00:00.006Z", False)


def test_each_losing_write_has_an_entry_of_its_own() -> None:
    """By plant's row, field and losing stamp."""
    base = Conflict("notes", Write("w", at(6, BEA)), Write("l", at(5, ANA)))
    others = [
        entry(JOBS, "j", base),
        entry(JOBS, "k", base),
        entry(INVENTORY, "j", base),
        entry(JOBS, "j", replace(base, field="status")),
        entry(JOBS, "j", replace(base, loser=Write("l", at(4, ANA)))),
    ]
    assert len({row.id for row in others}) == 5
    assert entry(JOBS, "j", replace(base, winner=Write("x", at(7, BEA)))).id == others[0].id


def test_what_was_emptied_is_nobodys_loss() -> None:
    """A deleted row that is offered again after its data has gone has lost nothing to who wrote since; others, who
    have the data still, tell the same loss with its value."""
    full = deleted(at(6, ANA), with_notes("0", at(5, ANA)))
    emptied, later = replace(full, data={}), with_notes("w", at(7, BEA))
    longer = replace(later, life=4, stamps={**later.stamps, LIFE: at(8, BEA)})
    for other in (later, longer):
        fields = {"notes"} if other is later else {"notes", "status"}
        assert {c.field for c in found(full, {ANY: ""}, other) if c.loser.value != "w"} >= fields
        assert [c for c in found(emptied, {ANY: ""}, other) if c.loser.value is None] == []
    assert [c for c in found(longer, {ANY: ""}, emptied) if c.loser.value is None] == []


def test_secrets_are_masked() -> None:
    """That a PIN lost is told, and when; not what it was."""
    lost = Conflict("pinHash", Write("$2b$secret", at(6, BEA)), Write("$2b$other", at(5, ANA)))
    row = entry(USERS, "U-1", lost)
    assert (row.data["winner"], row.data["loser"]) == ('"•"', '"•"')
    assert "$2b$" not in str(row)
    cleared = replace(lost, loser=Write(None, at(5, ANA)))
    assert entry(USERS, "U-1", cleared).data["loser"] == "null"


def test_what_an_entry_says_of_the_time_follows_from_its_stamp() -> None:
    """Also of a loser that is later than its winner, a delete: two versions with one stamp would never become one."""
    grave = Write(None, at(6, BEA))
    late = entry(JOBS, "j", Conflict("notes", grave, Write("l", at(7, ANA))))
    early = with_stamps(late, {at(7, ANA): at(5, ANA)})
    assert (early.data["at"], late.data["at"]) == ("1970-01-01T00:00:00.006Z", "1970-01-01T00:00:00.007Z")
    assert merge(early, late) == merge(late, early) == late


def test_who_knows_what_the_winner_said_tells_it() -> None:
    """The winner's row was emptied at one place before it met the loser, and at the other not yet."""
    loser = with_notes("l", at(4, BEA))
    full = deleted(at(7, ANA), with_notes("w", at(6, ANA)))
    (told,) = (c for c in found(full, {ANY: ""}, loser) if c.field == "notes")
    (lacking,) = (c for c in found(replace(full, data={}), {ANY: ""}, loser) if c.field == "notes")
    knows, does_not = entry(JOBS, "j", told), entry(JOBS, "j", lacking)
    assert (knows.data["winner"], does_not.data["winner"]) == ('"w"', "null")
    assert merge(knows, does_not) == merge(does_not, knows) == knows
    assert "winner" not in with_stamps(does_not, {at(6, ANA): at(5, ANA)}).stamps
