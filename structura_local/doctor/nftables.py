"""What nftables' rules can do with a terminal's first packet: TCP over IPv4, to a port, from wherever on the LAN.

The rules are followed as the kernel follows them. Where a rule asks what is not known here (an address, a network card,
an extension of iptables), both answers are followed: a port is called closed only if no way through the rules opens it.
"""

from collections.abc import Iterable
from typing import Any

_ENDS = ("accept", "drop", "reject")
_HARMLESS = ("counter", "log", "notrack", "comment")
_FALL = "return"  # the end of a chain is reached, or left early


def closing(listed: Iterable[dict[str, Any]], port: int) -> dict[str, Any] | None:
    """The first chain that can let the packet pass in no way, of the `nft --json list ruleset` given; None: none."""
    listed = list(listed)
    rules: dict[tuple[str, str, str], list[list[Any]]] = {}
    for rule in (entry["rule"] for entry in listed if "rule" in entry):
        rules.setdefault((rule["family"], rule["table"], rule["chain"]), []).append(rule["expr"])
    for chain in (entry["chain"] for entry in listed if entry.get("chain", {}).get("hook") == "input"):
        if chain["family"] not in ("ip", "inet"):
            continue
        ends = _outcomes(rules, (chain["family"], chain["table"], chain["name"]), port, frozenset())
        if _FALL in ends:
            ends = (ends - {_FALL}) | {chain.get("policy", "accept")}
        if "accept" not in ends:
            return dict(chain)
    return None


def _outcomes(
    rules: dict[tuple[str, str, str], list[list[Any]]], at: tuple[str, str, str], port: int, above: frozenset[str]
) -> set[str]:
    """How the way through a chain can end: accept, drop, reject or return."""
    family, table, name = at
    if name in above:
        return set(_ENDS)  # the kernel allows no loops
    ends: set[str] = set()
    for expression in rules.get(at, []):
        matched = _matches(expression, port)
        if matched is False:
            continue
        passes = matched is None
        for verdict, target in _verdicts(expression, port):
            if verdict in ("jump", "goto"):
                there = _outcomes(rules, (family, table, target), port, above | {name})
                ends |= there - {_FALL} if verdict == "jump" else there
                passes |= verdict == "jump" and _FALL in there
            elif verdict == "continue":
                passes = True
            else:
                ends.add(verdict)
        if not passes:
            return ends
    return ends | {_FALL}


def _verdicts(expression: list[Any], port: int) -> list[tuple[str, str]]:
    """What a rule that matches does: each verdict that it can come to, with the chain that a jump leads to."""
    for part in expression:
        if "vmap" in part:
            return _mapped(part["vmap"], port)
        if (found_one := _verdict(part))[0] != "continue":
            return [found_one]
    return [("continue", "")]


def _mapped(vmap: dict[str, Any], port: int) -> list[tuple[str, str]]:
    if not isinstance(vmap["data"], dict):  # a map that stands elsewhere
        return [*((end, "") for end in _ENDS), ("continue", "")]
    found = []
    for key, verdict in vmap["data"]["set"]:
        holds = _match({"left": vmap["key"], "right": key}, port)
        if holds:
            return [_verdict(verdict)]
        if holds is None:
            found.append(_verdict(verdict))
    return [*found, ("continue", "")]


def _verdict(part: dict[str, Any]) -> tuple[str, str]:
    for name in (*_ENDS, _FALL):
        if name in part:
            return name, ""
    for name in ("jump", "goto"):
        if name in part:
            return name, part[name]["target"]
    return "continue", ""


def _matches(expression: list[Any], port: int) -> bool | None:
    """Whether a rule is about the packet; None: who knows."""
    known: bool | None = True
    for part in expression:
        if "match" in part:
            this = _match(part["match"], port)
        elif "vmap" in part or _verdict(part)[0] != "continue" or any(name in part for name in _HARMLESS):
            this = True
        else:
            this = None
        if this is False:
            return False
        if this is None:
            known = None
    return known


def _match(match: dict[str, Any], port: int) -> bool | None:
    """Whether one condition holds."""
    left, right = match["left"], match["right"]
    payload, meta, ct = (left.get(kind, {}) if isinstance(left, dict) else {} for kind in ("payload", "meta", "ct"))
    holds: bool | None = None
    if payload.get("field") in ("dport", "sport"):
        if payload.get("protocol") not in ("tcp", "th"):
            holds = False
        elif payload["field"] == "dport":
            holds = _covers(right, port)
    elif payload.get("protocol") in ("ip6", "icmp", "icmpv6", "udp"):
        return False
    elif meta.get("key") == "l4proto":
        holds = _covers(right, "tcp")
    elif meta.get("key") == "nfproto":
        holds = _covers(right, "ipv4")
    elif meta.get("key") in ("iif", "iifname") and right == "lo":
        holds = False
    elif ct.get("key") == "state":
        holds = _covers(right, "new")
    elif ct.get("key") == "status":
        holds = False  # of a connection that is there
    if holds is None or match.get("op") != "!=":
        return holds
    return not holds


def _covers(right: Any, value: int | str) -> bool | None:
    """Whether a value is among those; None for a set that stands elsewhere."""
    if isinstance(right, str) and right.startswith("@"):
        return None
    if isinstance(right, list):
        return any(_covers(one, value) for one in right)
    if isinstance(right, dict):
        if "range" in right:
            low, high = right["range"]
            return bool(low <= value <= high)
        return any(_covers(one, value) for one in right.get("set", []))
    return bool(right == value)
