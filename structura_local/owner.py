"""How a command on this machine talks to the server that runs here: over its own API, let in by the announced token."""

import io
from typing import Any

import aiohttp
import orjson

from structura_local.errors import StartError
from structura_local.folder import Folder


async def ask(folder: Folder, method: str, path: str, body: Any = None) -> Any:
    """The running server's JSON answer; StartError with its sentence if it refuses or does not answer."""
    running = folder.running()
    if running is None:
        raise StartError(f"The server on {folder.path} is starting or stopping; try again in a moment.")
    headers = {"Authorization": f"Bearer {running['token']}", "Content-Type": "application/json"}
    payload = None if body is None else io.BytesIO(orjson.dumps(body))
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, running["url"] + path, data=payload, headers=headers) as response,
        ):
            answer = orjson.loads(await response.read())
    except (aiohttp.ClientError, OSError, orjson.JSONDecodeError) as error:
        raise StartError(f"The server at {running['url']} does not answer: {error}") from error
    if response.status >= 400:
        raise StartError(answer.get("detail", f"The server answered {response.status}."))
    return answer
