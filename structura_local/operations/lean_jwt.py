"""PyJWT without cryptography, which it loads if it is there: 9 MB of memory for algorithms that are not used here.

Whoever needs cryptography imports it as ever.
"""

import sys

_hidden = "cryptography" not in sys.modules
if _hidden:
    sys.modules["cryptography"] = None  # type: ignore[assignment]  # Python's way of saying that there is none
import jwt  # noqa: E402

if _hidden:
    del sys.modules["cryptography"]

__all__ = ["jwt"]
