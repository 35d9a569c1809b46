"""How whoever sits at a terminal is shown where a new server is set up. The log has it for all others."""

import sys
from collections.abc import Sequence

import segno


def invite(links: Sequence[str]) -> None:
    """Print the links, and the first one's QR code if somebody can see it."""
    print("\nThis server waits to be set up. Within an hour, open one of these in a browser on any machine of the LAN:")
    print("\n".join(f"  {link}" for link in links), flush=True)
    if sys.stdout.isatty():
        segno.make(links[0], micro=False).terminal(compact=True)
