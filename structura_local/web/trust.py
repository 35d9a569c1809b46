"""HTTPS for devices: the authority that they have to trust, and what is left of HTTP when it is turned off."""

from dataclasses import dataclass
from ipaddress import ip_address

from aiohttp import web

from structura_local.errors import AppError
from structura_local.web.bodies import answer
from structura_local.web.context import FRONT
from structura_local.web.middleware import Handler
from structura_local.web.openapi.operation import Reply, described, page

PAGE = "/trust"
AUTHORITY = f"{PAGE}/structura-authority.crt"
_OPEN = (PAGE, "/api/trust", "/healthz", "/readyz")
_BELOW = (f"{PAGE}/", "/console/")  # the page, and what it shares with all others


@dataclass(frozen=True, slots=True)
class Trust:
    """The plant's certificate authority: its SHA-256 and its end; `port`: where HTTPS is."""

    fingerprint: str
    until: str
    port: int


@described(
    id="getTrust",
    tag="System",
    summary="The certificate authority that devices have to trust for HTTPS",
    open=True,
    answers={200: Reply(Trust, "There is one.")},
    refusals=("no-route",),
)
async def trust(request: web.Request) -> web.Response:
    """GET /api/trust"""
    front = request.app[FRONT]
    if front.tls.trust is None:
        raise AppError("no-route")
    return answer({**front.tls.trust, "port": front.port(secure=True)})


@page
async def authority(request: web.Request) -> web.StreamResponse:
    """GET /trust/structura-authority.crt: the certificate, as devices take it"""
    tls = request.app[FRONT].tls
    if tls.trust is None:
        raise AppError("no-route")
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="structura-authority.crt"',
        "Content-Type": "application/x-x509-ca-cert",
    }
    return web.FileResponse(tls.authority, headers=headers)


@web.middleware
async def https_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Over plain HTTP, from other machines, only what leads to HTTPS; pages are sent there.

    Not for good (307), or browsers would still go there when HTTP has been turned on again.
    """
    path = request.path
    if request.secure or path in _OPEN or path.startswith(_BELOW) or _from_here(request):
        return await handler(request)
    port = request.app[FRONT].port(secure=True)
    if request.method not in ("GET", "HEAD"):
        raise AppError("https-only", port=port)
    host = request.url.host or ""
    host = f"[{host}]" if ":" in host else host
    return web.Response(status=307, headers={"Location": f"https://{host}:{port}{request.raw_path}"})


def _from_here(request: web.Request) -> bool:
    """Whether this very machine asks: nobody listens in on that, and its commands go on."""
    here = request.get_extra_info("sockname", ("",))[0]
    asks = request.remote or ""
    return asks == here or (bool(asks) and ip_address(asks).is_loopback)
