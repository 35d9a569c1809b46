"""The exchange carried by hand: the same messages in files, for plants without a link. See docs/carry.md."""
