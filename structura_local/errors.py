"""What can go wrong, as a kind (which the web layer maps to a status, once) and a sentence for a person.

Every sentence stands here in English and Spanish; the code names it in logs and problem documents.
"""

from enum import Enum
from typing import Any


class Kind(Enum):
    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    METHOD = "method"
    CONFLICT = "conflict"
    CHANGED = "changed"
    TOO_MANY = "too-many"
    TOO_LARGE = "too-large"
    MEDIA_TYPE = "media-type"
    INVALID = "invalid"
    BUSY = "busy"
    DISK_FULL = "disk-full"
    INTERNAL = "internal"


_SENTENCES: dict[str, tuple[Kind, str, str]] = {
    "malformed": (
        Kind.MALFORMED,
        "The body is not valid JSON.",
        "El cuerpo no es JSON válido.",
    ),
    "not-json": (
        Kind.MEDIA_TYPE,
        "Send the body as application/json.",
        "Envíe el cuerpo como application/json.",
    ),
    "too-large": (
        Kind.TOO_LARGE,
        "The body is larger than {limit} MiB.",
        "El cuerpo supera {limit} MiB.",
    ),
    "invalid": (
        Kind.INVALID,
        "Some fields are not valid: {fields}.",
        "Hay campos no válidos: {fields}.",
    ),
    "unknown-parameter": (
        Kind.INVALID,
        "Unknown query parameter: {fields}.",
        "Parámetro de consulta desconocido: {fields}.",
    ),
    "no-token": (
        Kind.UNAUTHENTICATED,
        "Log in first.",
        "Inicie sesión primero.",
    ),
    "dead-token": (
        Kind.UNAUTHENTICATED,
        "Your session has ended; log in again.",
        "Su sesión ha terminado; vuelva a iniciar sesión.",
    ),
    "wrong-pin": (
        Kind.UNAUTHENTICATED,
        "Wrong PIN.",
        "PIN incorrecto.",
    ),
    "too-many": (
        Kind.TOO_MANY,
        "Too many wrong PINs; try again in {seconds} seconds.",
        "Demasiados PIN incorrectos; intente de nuevo en {seconds} segundos.",
    ),
    "pin-shared": (
        Kind.UNAUTHENTICATED,
        "Two users have this PIN; an administrator has to change one of them.",
        "Dos usuarios tienen este PIN; un administrador debe cambiar uno de ellos.",
    ),
    "forbidden": (
        Kind.FORBIDDEN,
        "Your role ({role}) is not allowed to do this.",
        "Su rol ({role}) no permite hacer esto.",
    ),
    "forbidden-fields": (
        Kind.FORBIDDEN,
        "Your role ({role}) is not allowed to change: {fields}.",
        "Su rol ({role}) no permite cambiar: {fields}.",
    ),
    "current-pin": (
        Kind.FORBIDDEN,
        "The current PIN is missing or wrong.",
        "Falta el PIN actual o es incorrecto.",
    ),
    "no-route": (
        Kind.NOT_FOUND,
        "There is nothing at this address.",
        "No hay nada en esta dirección.",
    ),
    "not-found": (
        Kind.NOT_FOUND,
        "{id} does not exist (any more).",
        "{id} no existe (o ya no existe).",
    ),
    "method": (
        Kind.METHOD,
        "{method} is not possible here.",
        "{method} no es posible aquí.",
    ),
    "id-exists": (
        Kind.CONFLICT,
        "{id} exists already with other content.",
        "{id} ya existe con otro contenido.",
    ),
    "id-deleted": (
        Kind.CONFLICT,
        "{id} was deleted; choose another id.",
        "{id} fue eliminado; elija otro id.",
    ),
    "changed": (
        Kind.CHANGED,
        "{id} was changed by somebody else meanwhile; load it again.",
        "{id} fue modificado por otra persona; cárguelo de nuevo.",
    ),
    "pin-taken": (
        Kind.CONFLICT,
        "This PIN is already in use; choose another.",
        "Este PIN ya está en uso; elija otro.",
    ),
    "sku-taken": (
        Kind.CONFLICT,
        "SKU {sku} is already in use by {id}.",
        "El SKU {sku} ya está en uso por {id}.",
    ),
    "client-blocked": (
        Kind.CONFLICT,
        "This client still has {count} open project(s): {names}. Finish or archive them first.",
        "Este cliente todavía tiene {count} proyecto(s) abierto(s): {names}. Termínelos o archívelos primero.",
    ),
    "project-blocked": (
        Kind.CONFLICT,
        "This project still has {count} unfinished job(s): {names}. Finish or delete them first.",
        "Este proyecto todavía tiene {count} trabajo(s) sin terminar: {names}. Termínelos o elimínelos primero.",
    ),
    "key-reused": (
        Kind.INVALID,
        "This Idempotency-Key was used for another request; use a new one.",
        "Esta Idempotency-Key ya se usó para otra solicitud; use una nueva.",
    ),
    "bad-key": (
        Kind.INVALID,
        "An Idempotency-Key has 1 to 255 printable characters.",
        "Una Idempotency-Key tiene de 1 a 255 caracteres imprimibles.",
    ),
    "last-admin": (
        Kind.CONFLICT,
        "This is the last administrator; make another one first.",
        "Es el último administrador; cree otro primero.",
    ),
    "not-enrolled": (
        Kind.CONFLICT,
        "This plant is not connected to head office; run 'structura-local enroll FILE' with its bundle.",
        "Esta planta no está conectada a la central; ejecute 'structura-local enroll ARCHIVO' con su paquete.",
    ),
    "bad-import": (
        Kind.INVALID,
        "The import was refused and changed nothing: {reason}",
        "La importación fue rechazada y no cambió nada: {reason}",
    ),
    "shutting-down": (
        Kind.BUSY,
        "The server is shutting down; try again in a moment.",
        "El servidor se está apagando; intente de nuevo en un momento.",
    ),
    "database": (
        Kind.BUSY,
        "The database is not available right now; try again in a moment.",
        "La base de datos no está disponible en este momento; intente de nuevo en un momento.",
    ),
    "disk-full": (
        Kind.DISK_FULL,
        "The server's disk is full; nothing was saved.",
        "El disco del servidor está lleno; no se guardó nada.",
    ),
    "internal": (
        Kind.INTERNAL,
        "Something went wrong in the server; its log has the details.",
        "Algo falló en el servidor; su registro tiene los detalles.",
    ),
}


class AppError(Exception):
    """An error that a person can act on.

    `errors` lists fields that are wrong, each {"field", "msg"}.
    """

    def __init__(self, code: str, *, errors: list[dict[str, str]] | None = None, **values: Any) -> None:
        self.code = code
        self.kind = _SENTENCES[code][0]
        self.errors = errors or []
        if self.errors:
            values.setdefault("fields", ", ".join(dict.fromkeys(e["field"] for e in self.errors)))
        self.values = values
        super().__init__(self.sentence("en"))

    def sentence(self, language: str) -> str:
        """What went wrong, in `es` or else in English."""
        _, english, spanish = _SENTENCES[self.code]
        return (spanish if language == "es" else english).format(**self.values)


class StartError(Exception):
    """The program cannot do what it was started for; the text is a sentence why. Exit code 1."""
