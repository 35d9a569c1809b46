"""What keeps a plant from exchanging with head office, in Spanish: each sentence of sync/central/errors.py.

Behind a sentence the original text may stand in parentheses; it stays as it is. tests/test_spanish.py finds sentences
that are missing here.
"""

from collections.abc import Mapping

_NOT_SET_UP = "La base de la central no está preparada para {}; ejecute allí `structura-local central init`."

SENTENCES: Mapping[str, str] = {
    "Head office's database refused the password; a plant needs a new bundle then.":
        "La base de la central rechazó la contraseña; la planta necesita un paquete nuevo.",
    "Head office's database does not accept this user; a bundle may have been revoked, ask for a new one.":
        "La base de la central no acepta este usuario; quizá el paquete fue revocado, pida uno nuevo.",
    "Head office's database does not accept this user; a plant needs a new bundle then.":
        "La base de la central no acepta este usuario; la planta necesita un paquete nuevo.",
    "The database named in the DSN or bundle does not exist at head office.":
        "La base que nombra el paquete no existe en la central.",
    "Head office's database is not set up for this program; run `structura-local central init` there.":
        _NOT_SET_UP.format("este programa"),
    "Head office's database is not set up for this version; run `structura-local central init` there.":
        _NOT_SET_UP.format("esta versión"),
    "Head office's database denied access to this plant's data; the bundle's rights are not as enrolled.":
        "La base de la central negó el acceso a los datos de esta planta; los permisos no son los del paquete.",
    "Head office's database is read-only at the moment (a standby, or under maintenance).":
        "La base de la central es de solo lectura en este momento (una réplica, o en mantenimiento).",
    "Head office's database has no disk space left.": "La base de la central no tiene espacio en disco.",
    "Head office's database has too many connections open.": "La base de la central tiene demasiadas conexiones.",
    "Head office's database is out of resources.": "La base de la central se quedó sin recursos.",
    "Somebody at head office holds data of this plant in an open transaction.":
        "Alguien en la central retiene datos de esta planta en una transacción abierta.",
    "Head office's database closed the connection; it is being restarted, or this bundle was revoked.":
        "La base de la central cerró la conexión; se está reiniciando, o este paquete fue revocado.",
    "Head office's database is starting up or shutting down.": "La base de la central está arrancando o apagándose.",
    "Head office's database stopped the operation.": "La base de la central detuvo la operación.",
    "Head office's database server reports a failure of its disk or system.":
        "El servidor de la central informa una falla de su disco o sistema.",
    "The connection to head office broke.": "Se cortó la conexión con la central.",
    "Head office's database could not take a value.": "La base de la central no pudo tomar un valor.",
    "Head office's database lets nobody in this way from this address; its pg_hba.conf says who may.":
        "La base de la central no deja entrar así desde esta dirección; su pg_hba.conf dice quién puede.",
    "Head office's certificate is not valid yet; is this PC's clock right?":
        "El certificado de la central todavía no es válido; ¿está en hora esta PC?",
    "Head office's certificate has expired (or this PC's clock is ahead); head office has to renew it.":
        "El certificado de la central venció (o el reloj de esta PC adelanta); la central debe renovarlo.",
    "Head office's certificate is for another name than the one in the DSN.":
        "El certificado de la central es para otro nombre que el del DSN.",
    "Head office's certificate is for another address than the one in the DSN.":
        "El certificado de la central es para otra dirección que la del DSN.",
    "Head office's certificate is signed by an authority that this PC does not know; name the authority's "
    "certificate with ?sslrootcert= in the DSN.":
        "El certificado de la central lo firmó una autoridad que esta PC no conoce; nombre el certificado de la "
        "autoridad con ?sslrootcert= en el DSN.",
    "Head office's certificate could not be verified.": "No se pudo verificar el certificado de la central.",
    "No encrypted connection to head office could be made.": "No se pudo cifrar la conexión con la central.",
    "The name of head office's server was not found; check the network and DNS.":
        "No se encontró el nombre del servidor de la central; revise la red y el DNS.",
    "Head office's database is not running on this machine, or a file named in the DSN is missing.":
        "La base de la central no está en marcha en este equipo, o falta un archivo que nombra el DSN.",
    "Head office's server refused the connection; is its database running, and the port right?":
        "El servidor de la central rechazó la conexión; ¿está en marcha su base, y es ese el puerto?",
    "Head office did not answer in time.": "La central no respondió a tiempo.",
    "Head office's server does not offer an encrypted connection.":
        "El servidor de la central no ofrece una conexión cifrada.",
    "None of head office's servers is the primary at the moment.":
        "Ninguno de los servidores de la central es el principal en este momento.",
    "The DSN of head office is not valid.": "El DSN de la central no es válido.",
    "Head office's database reported an error.": "La base de la central informó un error.",
    "The exchange with head office failed.": "El intercambio con la central falló.",
    "The exchange failed unexpectedly; the server's log has the details.":
        "El intercambio falló de forma inesperada; el registro del servidor tiene los detalles.",
}  # fmt: skip


def spanish(sentence: str) -> str:
    """A sentence of an exchange in Spanish; as it is where there is none."""
    if sentence in SENTENCES:
        return SENTENCES[sentence]
    known = next((english for english in SENTENCES if sentence.startswith(f"{english} (")), None)
    return SENTENCES[known] + sentence[len(known) :] if known else sentence
