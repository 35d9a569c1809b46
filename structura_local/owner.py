"""How a command on this machine talks to the server that runs here: over its own API, let in by the announced token."""

import io
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

from structura_local.errors import Refused, StartError
from structura_local.folder import Folder

_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=10)  # a large import takes as long as it takes


async def ask(
    folder: Folder, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Any:
    """The running server's JSON answer; Refused with its sentence, or StartError if it does not answer."""
    return orjson.loads(await _asked(folder, method, path, content, headers or {}))


async def fetch(folder: Folder, path: str, headers: Mapping[str, str]) -> bytes:
    """A file that the running server gives; Refused with its sentence, or StartError if it does not answer."""
    return await _asked(folder, "GET", path, None, headers)


def numeric(running: Mapping[str, Any]) -> str:
    """Where a command finds the server, also on a machine whose list of names is lost."""
    url: str = running["url"]
    return url.replace("//localhost:", "//127.0.0.1:")


async def _asked(folder: Folder, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> bytes:
    running = folder.running()
    if running is None and not folder.is_locked():
        raise StartError(f"The server on {folder.path} is not running; start it with 'structura-local serve' first.")
    if running is None:
        raise StartError(f"The server on {folder.path} is starting or stopping; try again in a moment.")
    sent = {"Content-Type": "application/json", **headers, "Authorization": f"Bearer {running['token']}"}
    payload = None if content is None else io.BytesIO(content)
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.request(method, numeric(running) + path, data=payload, headers=sent) as response,
        ):
            answer = await response.read()
            refusal = orjson.loads(answer) if response.status >= 400 else {}
    except (aiohttp.ClientError, OSError, orjson.JSONDecodeError) as error:
        raise StartError(f"The server at {running['url']} does not answer: {error}") from error
    if response.status >= 400:
        code = refusal.get("type", "").rpartition("/")[2]
        raise Refused(refusal.get("detail", f"The server answered {response.status}."), code)
    return answer
