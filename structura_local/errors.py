"""What can go wrong, as a kind (which the web layer maps to a status, once) and a sentence for a person.

Every sentence stands here in English and Spanish; the code names it in logs and problem documents.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from structura_local.phrases import Phrase

MOST_NAMES = 20  # of fields in a sentence


class Kind(Enum):
    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    METHOD = "method"
    TOO_SLOW = "too-slow"
    CONFLICT = "conflict"
    GONE = "gone"
    CHANGED = "changed"
    TOO_MANY = "too-many"
    TOO_LARGE = "too-large"
    MEDIA_TYPE = "media-type"
    UPGRADE = "upgrade"
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
    "key-twice": (
        Kind.MALFORMED,
        "The body has the key '{key}' twice in one object; it is not certain which of them is meant.",
        "El cuerpo tiene la clave '{key}' dos veces en un objeto; no es seguro cuál de ellas vale.",
    ),
    "not-http": (
        Kind.MALFORMED,
        "This is not a valid HTTP request: {reason}.",
        "Esta no es una solicitud HTTP válida: {reason}.",
    ),
    "bad-host": (
        Kind.MALFORMED,
        "The Host header is not the name of a server.",
        "El encabezado Host no es el nombre de un servidor.",
    ),
    "not-decodable": (
        Kind.MEDIA_TYPE,
        "Send the body as it is, or compressed with gzip or deflate.",
        "Envíe el cuerpo tal cual, o comprimido con gzip o deflate.",
    ),
    "too-slow": (
        Kind.TOO_SLOW,
        "The body came too slowly; check the network and send it again.",
        "El cuerpo llegó demasiado despacio; revise la red y envíelo de nuevo.",
    ),
    "not-json": (
        Kind.MEDIA_TYPE,
        "Send the body as application/json.",
        "Envíe el cuerpo como application/json.",
    ),
    "not-importable": (
        Kind.MEDIA_TYPE,
        "Send the file as application/json, application/vnd.sqlite3 or application/octet-stream.",
        "Envíe el archivo como application/json, application/vnd.sqlite3 o application/octet-stream.",
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
        "Too many wrong tries; try again in {seconds} seconds.",
        "Demasiados intentos fallidos; intente de nuevo en {seconds} segundos.",
    ),
    "not-paired": (
        Kind.FORBIDDEN,
        "This terminal is not paired; ask an administrator for a code and type it in at /pair on this terminal.",
        "Este terminal no está vinculado; pida un código a un administrador y escríbalo en /pair en este terminal.",
    ),
    "wrong-code": (
        Kind.UNAUTHENTICATED,
        "This code is wrong, was used already or has expired; ask an administrator for a new one.",
        "Este código es incorrecto, ya se usó o ha vencido; pida uno nuevo a un administrador.",
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
    "not-set-up": (
        Kind.BUSY,
        "This server waits to be set up; open the link that it has printed, and put into its log.",
        "Este servidor espera su puesta en marcha; abra el enlace que mostró al arrancar y que está en su registro.",
    ),
    "set-up-already": (
        Kind.CONFLICT,
        "This plant is set up already.",
        "Esta planta ya está puesta en marcha.",
    ),
    "setup-link": (
        Kind.UNAUTHENTICATED,
        "This link was used already, or has expired; the server's log has another within the hour, or after a restart.",
        "Este enlace ya se usó o venció; el registro del servidor tiene otro en menos de una hora, o al reiniciarlo.",
    ),
    "other-plant": (
        Kind.CONFLICT,
        "The bundle is for the plant '{bundle}', not for '{name}'.",
        "El paquete es de la planta '{bundle}', no de '{name}'.",
    ),
    "database-of-another": (
        Kind.CONFLICT,
        "This database belongs to the plant '{own}' at head office; the bundle is for '{bundle}'. Nothing was changed.",
        "Esta base de datos es de la planta '{own}' de la central; el paquete es para '{bundle}'. No se cambió nada.",
    ),
    "bad-bundle": (
        Kind.INVALID,
        "This is not a bundle made by 'structura-local central enroll'.",
        "Este no es un paquete hecho con 'structura-local central enroll'.",
    ),
    "not-websocket": (
        Kind.UPGRADE,
        "This address speaks WebSocket; open it as one.",
        "Esta dirección habla WebSocket; ábrala como tal.",
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
    "not-deleted": (
        Kind.CONFLICT,
        "{id} is not deleted.",
        "{id} no está eliminado.",
    ),
    "pin-not-restorable": (
        Kind.CONFLICT,
        "A PIN that lost a conflict is not known to anybody and cannot be brought back; give {id} a new one.",
        "Un PIN que perdió un conflicto no lo conoce nadie y no se puede recuperar; asigne uno nuevo a {id}.",
    ),
    "not-restorable": (
        Kind.CONFLICT,
        "{field} of {id} cannot be changed by anybody, so its other value cannot be written again.",
        "Nadie puede cambiar {field} de {id}, así que su otro valor no se puede volver a escribir.",
    ),
    "gone": (
        Kind.GONE,
        "{id} was deleted more than 90 days ago and cannot be brought back.",
        "{id} fue eliminado hace más de 90 días y no se puede recuperar.",
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
    "easy-pin": (
        Kind.INVALID,
        "This PIN is among the first that anybody would try; an administrator needs another one.",
        "Este PIN es de los primeros que cualquiera probaría; un administrador necesita otro.",
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
        "This is the last administrator who can log in; make another one first.",
        "Es el último administrador que puede iniciar sesión; cree otro primero.",
    ),
    "not-enrolled": (
        Kind.CONFLICT,
        "This plant is not connected to head office; run 'structura-local enroll FILE' with its bundle.",
        "Esta planta no está conectada a la central; ejecute 'structura-local enroll ARCHIVO' con su paquete.",
    ),
    "unconfirmed": (
        Kind.CONFLICT,
        "Settings changed before wait to be confirmed; confirm them, or wait {seconds} seconds until they are undone.",
        "Hay ajustes cambiados antes sin confirmar; confírmelos, o espere {seconds} segundos hasta que se deshagan.",
    ),
    "nothing-unconfirmed": (
        Kind.CONFLICT,
        "No settings wait to be confirmed; those from before may be in force again.",
        "No hay ajustes por confirmar; es posible que los anteriores rijan de nuevo.",
    ),
    "confirm-over-https": (
        Kind.CONFLICT,
        "These settings are about HTTPS; confirm them over HTTPS, at port {port}.",
        "Estos ajustes son de HTTPS; confírmelos por HTTPS, en el puerto {port}.",
    ),
    "settings-unwritable": (
        Kind.CONFLICT,
        "The settings were not changed: {reason}",
        "Los ajustes no se cambiaron: {reason}",
    ),
    "https-only": (
        Kind.FORBIDDEN,
        "This server is used over HTTPS only, at port {port}; nothing was done.",
        "Este servidor se usa solo por HTTPS, en el puerto {port}; no se hizo nada.",
    ),
    "no-carry-key": (
        Kind.CONFLICT,
        "This PC's bundle is too old to sign files; ask head office for a new one, and 'structura-local enroll' it.",
        "El paquete de esta PC es muy antiguo para firmar archivos; pida uno nuevo y ejecute 'structura-local enroll'.",
    ),
    "unknown-collection": (
        Kind.CONFLICT,
        "This version does not know the collection {collection}; it wants an upgrade.",
        "Esta versión no conoce la colección {collection}; hay que actualizarla.",
    ),
    "clock-in-doubt": (
        Kind.CONFLICT,
        "Changes of {dated} wait, but the server's clock says {shown}. Set it right, or confirm that it is right.",
        "Hay cambios pendientes del {dated}, pero el servidor marca {shown}. Póngalo en hora, o confirme que lo está.",
    ),
    "carry-refused": (
        Kind.CONFLICT,
        "{reason}",
        "El archivo no se aceptó. {reason}",
    ),
    "unreadable-import": (
        Kind.MALFORMED,
        "The file was not imported and nothing was changed: {reason}.",
        "El archivo no se importó y no se cambió nada: {reason}.",
    ),
    "bad-import": (
        Kind.INVALID,
        "The file was not imported and nothing was changed: {reason}.",
        "El archivo no se importó y no se cambió nada: {reason}.",
    ),
    "import-running": (
        Kind.BUSY,
        "Another file is being imported; try again when that is done, in {seconds} seconds or later.",
        "Se está importando otro archivo; intente de nuevo cuando termine, en {seconds} segundos o más.",
    ),
    "too-many-users": (
        Kind.CONFLICT,
        "There are {count} users, but only {limit} PINs of four digits that are not easily guessed.",
        "Hay {count} usuarios, pero solo {limit} PIN de cuatro dígitos que no sean fáciles de adivinar.",
    ),
    "shutting-down": (
        Kind.BUSY,
        "The server is shutting down; try again in a moment.",
        "El servidor se está apagando; intente de nuevo en un momento.",
    ),
    "busy": (
        Kind.BUSY,
        "The server has more to do than it can; try again in a moment.",
        "El servidor tiene más trabajo del que puede hacer; intente de nuevo en un momento.",
    ),
    "database": (
        Kind.BUSY,
        "The database is not available right now; try again in a moment.",
        "La base de datos no está disponible en este momento; intente de nuevo en un momento.",
    ),
    "damaged": (
        Kind.BUSY,
        "The database is damaged ({reason}); an administrator has to restore a backup, on this server's page /recover.",
        "La base de datos está dañada ({reason}); un administrador debe restaurar una copia, en la página /recover.",
    ),
    "restoring": (
        Kind.BUSY,
        "The server begins anew, with a restored backup or with other settings; try again in a moment.",
        "El servidor empieza de nuevo, con una copia restaurada o con otros ajustes; intente de nuevo en un momento.",
    ),
    "read-only": (
        Kind.BUSY,
        "The server's disk cannot be written to ({reason}); nothing was saved.",
        "No se puede escribir en el disco del servidor ({reason}); no se guardó nada.",
    ),
    "backup-unsound": (
        Kind.CONFLICT,
        "The backup {id} cannot be used: {reason}.",
        "La copia de seguridad {id} no se puede usar: {reason}.",
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


KINDS: Mapping[str, Kind] = {code: kind for code, (kind, _, _) in _SENTENCES.items()}


def sentence(code: str, language: str) -> str:
    """The sentence of a code, its blanks unfilled, in `es` or else in English."""
    _, english, spanish = _SENTENCES[code]
    return spanish if language == "es" else english


class AppError(Exception):
    """An error that a person can act on.

    `errors` lists fields that are wrong, each {"field", "msg"}.
    """

    def __init__(self, code: str, *, errors: list[dict[str, str]] | None = None, **values: Any) -> None:
        self.code = code
        self.kind = _SENTENCES[code][0]
        self.errors = errors or []
        if self.errors:
            names = list(dict.fromkeys(e["field"] for e in self.errors))
            more = ", …" if len(names) > MOST_NAMES else ""
            values.setdefault("fields", ", ".join(names[:MOST_NAMES]) + more)
        self.values = values
        super().__init__(self.sentence("en"))

    def sentence(self, language: str) -> str:
        """What went wrong, in `es` or else in English."""
        values = {k: v.text(language) if isinstance(v, Phrase) else v for k, v in self.values.items()}
        return sentence(self.code, language).format(**values)


class StartError(Exception):
    """The program cannot do what it was started for; the text is a sentence why. Exit code 1."""


class Refused(StartError):
    """The running server has refused it; `code` is its problem's."""

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code


class Damaged(StartError):
    """The plant's database is not what it was: a backup has to be restored, or somebody has to look at it."""
