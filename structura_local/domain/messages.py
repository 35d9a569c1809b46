"""Messages between people. One to ALL is read by each reader on their own."""

from collections.abc import Mapping
from typing import Any

from structura_local.domain.fields import Collection, Field, Kind, Merge, flag, moment, text

TO_ALL = "ALL"

MESSAGES = Collection(
    "messages",
    "Message",
    (
        text("from", filled=True),
        text("to", required=True, refers="users"),
        text("content", required=True, long=True),
        moment("timestamp", filled=True),
        flag("isRead", default=False),
        text("senderId", wire=False),
        Field("readBy", Kind.TEXTS, merge=Merge.SET, wire=False),
    ),
)


def concerns(data: Mapping[str, Any], user_id: str) -> bool:
    """Whether a message is in this user's list: addressed to them, to everybody, or sent by them."""
    return data.get("to") in (user_id, TO_ALL) or data.get("senderId") == user_id


def is_read_by(data: Mapping[str, Any], user_id: str) -> bool:
    """Whether this user has read it. A message to ALL that was imported as read is read for everybody."""
    if data.get("to") == TO_ALL and user_id in (data.get("readBy") or ()):
        return True
    return bool(data.get("isRead"))
