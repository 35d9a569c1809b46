"""Where terminals find this server."""

from aiohttp import web

from structura_local.domain.access import LIST
from structura_local.operations import addresses
from structura_local.operations.addresses import Address
from structura_local.web.bodies import answer
from structura_local.web.context import FRONT, SETTINGS, caller
from structura_local.web.openapi.operation import Reply, described


@described(
    id="listAddresses",
    tag="System",
    summary="Where terminals on the LAN find this server",
    description="With a QR code for each.",
    may=("settings", LIST),
    answers={200: Reply(list[Address], "The addresses; none if the server listens on its own machine only.")},
)
async def address_list(request: web.Request) -> web.Response:
    """GET /api/system/addresses"""
    who = await caller(request)
    port = request.get_extra_info("sockname")[1]
    name = request.app[FRONT].announcement.name
    return answer(addresses.find(who, request.scheme, request.app[SETTINGS].host, port, name))
