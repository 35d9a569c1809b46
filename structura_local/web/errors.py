"""From the kind of an error to its HTTP status, once; and the problem document (RFC 9457) that carries it."""

import orjson
from aiohttp import web

from structura_local.errors import AppError, Kind
from structura_local.spanish import spanish

STATUS = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.METHOD: 405,
    Kind.TOO_SLOW: 408,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.CHANGED: 412,
    Kind.TOO_LARGE: 413,
    Kind.MEDIA_TYPE: 415,
    Kind.INVALID: 422,
    Kind.UPGRADE: 426,
    Kind.TOO_MANY: 429,
    Kind.INTERNAL: 500,
    Kind.BUSY: 503,
    Kind.DISK_FULL: 507,
}
TITLES = {
    400: "Bad request",
    401: "Not logged in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    410: "Gone",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Not JSON",
    422: "Not valid",
    426: "Upgrade required",
    429: "Too many tries",
    500: "Internal error",
    503: "Not available",
    507: "Disk full",
}


def problem(error: AppError, request: web.BaseRequest) -> web.Response:
    """The answer that tells of an error, in the caller's language."""
    status = STATUS[error.kind]
    document = {
        "type": type_of(error.code),
        "title": TITLES[status],
        "status": status,
        "detail": error.sentence(language(request)),
    }
    if error.errors:
        document["errors"] = [_translated(fault) if language(request) == "es" else fault for fault in error.errors]
    elif status == 422:
        document["errors"] = [{"field": "body", "msg": document["detail"]}]
    headers = {"Content-Language": language(request)}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 426:
        headers |= {"Upgrade": "websocket", "Connection": "Upgrade"}
    if status == 429:
        headers["Retry-After"] = str(error.values["seconds"])
    if status == 503:
        headers["Retry-After"] = str(error.values.get("seconds", 1))
    return web.Response(
        status=status, body=orjson.dumps(document), content_type="application/problem+json", headers=headers
    )


def _translated(fault: dict[str, str]) -> dict[str, str]:
    return {**fault, "msg": spanish(fault["msg"]) or fault["msg"]}


def type_of(code: str) -> str:
    """The URI reference that names a kind of problem; there is a page at it."""
    return f"/problems/{code}"


def language(request: web.BaseRequest) -> str:
    """`es` or `en`, whichever the caller prefers; English when nothing matches."""
    wanted: list[tuple[float, str]] = []
    for position, part in enumerate(request.headers.get("Accept-Language", "").split(",")):
        tag, _, parameter = (piece.strip() for piece in part.partition(";"))
        try:
            weight = float(parameter.removeprefix("q=") or 1)
        except ValueError:
            continue
        if tag[:2].lower() in ("es", "en") and weight > 0:
            wanted.append((-weight + position / 1e6, tag[:2].lower()))
    return min(wanted)[1] if wanted else "en"
