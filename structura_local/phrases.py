"""What an import says of a file, and the status of backups, disk and clock, in English and Spanish: each sentence
stands here once, reports hold its code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PHRASES: Mapping[str, tuple[str, str]] = {
    # Why a file is refused as a whole
    "empty": ("it is empty", "está vacío"),
    "not-utf8": (
        "its text is not UTF-8; save it as UTF-8 and try again",
        "su texto no es UTF-8; guárdelo como UTF-8 e intente de nuevo",
    ),
    "cut-off": (
        "it is cut off: its JSON ends in the middle, in line {line}",
        "está cortado: su JSON termina a la mitad, en la línea {line}",
    ),
    "not-json": (
        "it is neither JSON nor a SQLite database (line {line}, column {column})",
        "no es JSON ni una base de datos SQLite (línea {line}, columna {column})",
    ),
    "no-export": (
        "it is not an export: there is no list of machines, jobs, projects, … in it",
        "no es una exportación: no contiene ninguna lista de machines, jobs, projects, …",
    ),
    "too-many-values": (
        "it holds more than {limit:,} values, which is more than fits into memory",
        "contiene más de {limit} valores, más de lo que cabe en la memoria",
    ),
    "too-flawed": (
        "more than {limit:,} of its rows and values would have to be repaired or left out",
        "habría que reparar o dejar fuera más de {limit} de sus filas y valores",
    ),
    "no-list": ("'{key}' is not a list in it", "'{key}' no es una lista en él"),
    "damaged-database": (
        "the SQLite database is damaged or cut off ({why})",
        "la base de datos SQLite está dañada o cortada ({why})",
    ),
    "in-use": (
        "it is being written to; stop the former backend first",
        "se está escribiendo en él; detenga primero el servidor anterior",
    ),
    "own-database": (
        "it is a database of this program, not of the former backend; use an export of it",
        "es una base de datos de este programa, no del servidor anterior; use una exportación de ella",
    ),
    "foreign-database": (
        "it is a SQLite database without the tables machines, jobs, projects, …",
        "es una base de datos SQLite sin las tablas machines, jobs, projects, …",
    ),
    "reads-otherwise": (
        "{collection} {id} reads back other than the file has it",
        "{collection} {id} no se lee igual que en el archivo",
    ),
    "users-changed": (
        "somebody changed a PIN at the same moment; try again",
        "alguien cambió un PIN en el mismo momento; intente de nuevo",
    ),
    "no-admin-left": (
        "no administrator with a PIN would be left",
        "no quedaría ningún administrador con PIN",
    ),
    # What was repaired
    "row-out": ("row left out; row {other} counts", "fila omitida; vale la fila {other}"),
    "left-out": ("{value} left out", "{value} omitido"),
    "element-out": ("{value} left out of the list", "{value} omitido de la lista"),
    "became": ("{value} became {now}", "{value} pasó a ser {now}"),
    "no-pin": ("{name} is imported without a PIN", "{name} se importa sin PIN"),
    "pin-became-text": ("PIN taken as text", "PIN tomado como texto"),
    "time-set": ("set to {now}", "puesto en {now}"),
    # and why
    "same-id": ("both have this id, the last one counts", "ambas tienen este id, vale la última"),
    "same-id-same-row": ("both have this id and are alike", "ambas tienen este id y son iguales"),
    "means-none": ("it stands for 'none'", "representa «ninguno»"),
    "unknown-field": ("there is no such field", "ese campo no existe"),
    "twice-in-list": ("it is in the list already", "ya está en la lista"),
    "should-be": ("{expected} is expected", "se espera {expected}"),
    "pin-taken": ("the PIN already belongs to {name}, {id}", "el PIN ya pertenece a {name}, {id}"),
    "pin-invalid": ("a PIN has 4 to 8 digits", "un PIN tiene de 4 a 8 dígitos"),
    "time-in-id": ("the time is in the id", "la hora está en el id"),
    "time-missing": (
        "the file has no time, it is that of the import",
        "el archivo no tiene hora, es la de la importación",
    ),
    # Why a row is rejected
    "not-an-object": ("the row is {value}, not an object", "la fila es {value}, no un objeto"),
    "missing": ("{field} is missing", "falta {field}"),
    "must-be": ("{field} is {value}; {expected} is expected", "{field} es {value}; se espera {expected}"),
    # What is expected of a value
    "id": ("an id of 1 to 128 letters, digits and . _ : -", "un id de 1 a 128 letras, dígitos y . _ : -"),
    "text": ("text of at most {limit} characters", "un texto de {limit} caracteres como máximo"),
    "some-text": ("text of 1 to {limit} characters", "un texto de 1 a {limit} caracteres"),
    "number": ("a number", "un número"),
    "number-from": ("a number of at least {low}", "un número de {low} como mínimo"),
    "number-between": ("a number from {low} to {high}", "un número de {low} a {high}"),
    "integer": ("a whole number", "un número entero"),
    "boolean": ("true or false", "true o false"),
    "moment": ("an ISO 8601 date or timestamp", "una fecha u hora ISO 8601"),
    "choice": ("one of {choices}", "uno de {choices}"),
    "texts": ("a list of at most 1,000 ids", "una lista de 1.000 ids como máximo"),
    "stages": (
        "a list of at most 1,000 stages with name, isCompleted and perhaps completedAt",
        "una lista de 1.000 etapas como máximo con name, isCompleted y quizás completedAt",
    ),
    # What is imported as it is, but worth knowing
    "key-unknown": (
        "'{key}' is not imported ({count}): there is no such collection",
        "'{key}' no se importa ({count}): esa colección no existe",
    ),
    "keys-missing": ("the file has no {keys}", "el archivo no tiene {keys}"),
    "refers": ("names {id}, which does not exist in {collection}", "nombra {id}, que no existe en {collection}"),
    "same-sku": ("has SKU {sku}, as has {id}", "tiene el SKU {sku}, igual que {id}"),
    "user-without-pin": (
        "{name} has no PIN and cannot log in until an administrator sets one",
        "{name} no tiene PIN y no puede entrar hasta que un administrador le ponga uno",
    ),
    "pin-kept": ("{name} keeps the PIN that they have here", "{name} conserva el PIN que tiene aquí"),
    "trivial-pin": (
        "{name} is an administrator with a PIN that is easily guessed; change it",
        "{name} es administrador con un PIN fácil de adivinar; cámbielo",
    ),
    "column-unknown": (
        "column {column} of table {table} is not imported: there is no such field",
        "la columna {column} de la tabla {table} no se importa: ese campo no existe",
    ),
    "wal-mode": (
        "a '-wal' file beside the database, if there is one, was not uploaded; 'structura-local import' takes it along",
        "un archivo '-wal' al lado de la base de datos no se subió; 'structura-local import' lo tiene en cuenta",
    ),
    # Why a row is as it is, as text
    "why-alive": ("exists", "existe"),
    "why-deleted": ("is deleted", "está eliminado"),
    "why-created": ("created {written}", "creado {written}"),
    "why-turned-deleted": ("deleted {written}", "eliminado {written}"),
    "why-turned-restored": ("brought back {written}", "recuperado {written}"),
    "why-waits": (
        "Head office has yet to hear of its last changes.",
        "La central todavía no conoce sus últimos cambios.",
    ),
    "why-push": ("Head office does not take it: {reason}", "La central no lo acepta: {reason}"),
    "why-pull": (
        "Head office has a version that this PC does not take: {reason}",
        "La central tiene una versión que esta PC no acepta: {reason}",
    ),
    "why-fields": ("Fields", "Campos"),
    "why-changes": ("Changes, the last first", "Cambios, el último primero"),
    "why-more": ("… and {count} older ones", "… y {count} anteriores"),
    "why-conflicts": ("Conflicts", "Conflictos"),
    "why-unset": ("(unset)", "(vacío)"),
    "why-removed": ("(deleted)", "(eliminado)"),
    "why-on": ("{at}, {user} on {node}", "{at}, {user} en {node}"),
    "why-somebody": ("somebody", "alguien"),
    "why-server": ("the server itself", "el propio servidor"),
    "why-rules": ("the server's rules", "las reglas del servidor"),
    "why-import": ("an import", "una importación"),
    "why-setup": ("the setup", "la instalación"),
    "why-owner": ("this PC's owner", "el dueño de la PC"),
    "why-pc": ("PC {node}", "la PC {node}"),
    "why-central": ("head office", "la central"),
    "why-nowhere": ("an unknown PC", "una PC desconocida"),
    "why-base": ("set to {value}: {written}", "puesto en {value}: {written}"),
    "why-added": ("{added} on {node}", "{added} en {node}"),
    "why-share": ("{added} by {user}", "{added} por {user}"),
    "why-element": ("{element}: added {at}, {user} on {node}", "{element}: agregado {at}, {user} en {node}"),
    "why-create": ("created", "creado"),
    "why-update": ("changed", "cambiado"),
    "why-delete": ("deleted", "eliminado"),
    "why-restore": ("brought back", "recuperado"),
    "why-reached": ("head office had it {at}", "la central lo tuvo {at}"),
    "why-came": ("came from head office", "llegó de la central"),
    "why-change-waits": ("waits to reach head office", "espera llegar a la central"),
    "why-refused": ("refused by head office", "rechazado por la central"),
    "why-clash": (
        "{field}: {winner} won over {loser}",
        "{field}: {winner} ganó a {loser}",
    ),
    "why-side": ("{value} ({written})", "{value} ({written})"),
    "why-unseen": ("nobody has looked at it", "nadie lo ha revisado"),
    # Why a database, or a backup of one, is not sound
    "unsound-bytes": ("its bytes are not those that were written", "sus bytes no son los que se escribieron"),
    "unsound-content": ("what is in it is not what was counted", "su contenido no es el que se contó"),
    "unsound-copy": ("the copy is not what was written", "la copia no es lo que se escribió"),
    "unsound-program": ("it is another program's", "es de otro programa"),
    "unsound-file": ("file is not a database", "el archivo no es una base de datos"),
    "unsound-cut": ("it is cut off: {have} bytes of {said}", "está cortado: {have} bytes de {said}"),
    # How backups are doing
    "backups-failing": ("The last backup failed: {error}", "La última copia falló: {error}"),
    "backups-none": (
        "There is no backup yet; the first is made within a minute of the start.",
        "Todavía no hay copias; la primera se hace antes de un minuto del arranque.",
    ),
    "backups-stale": (
        "The newest backup is {hours:.0f} hours old; one is due every hour.",
        "La copia más reciente tiene {hours:.0f} horas; toca una cada hora.",
    ),
    "backups-fine": (
        "The newest backup is {minutes} minutes old, and was checked.",
        "La copia más reciente tiene {minutes} minutos, y fue comprobada.",
    ),
    # The disk of the data, and how it is mended
    "disk-fine": ("The disk takes what is written, and has room.", "El disco guarda lo que se escribe, y tiene lugar."),
    "disk-low": (
        "The disk is nearly full; old backups and logs are given up.",
        "El disco está casi lleno; se van eliminando copias y registros antiguos.",
    ),
    "disk-full": (
        "The disk is full; only logins and deletions are still saved. Once there is room, all goes on by itself.",
        "El disco está lleno; solo se guardan ingresos y bajas. Cuando haya lugar, todo sigue solo.",
    ),
    "disk-read-only": (
        "The disk of the data is read-only, as Linux makes one that has failed; the server saves nothing.",
        "El disco de los datos es de solo lectura, como Linux deja uno que falló; el servidor no guarda nada.",
    ),
    "fix-disk": (
        (
            "Make room on {place}; 'du -xh {place} | sort -h | tail' (on Windows: Settings, System, Storage) shows "
            "what is large."
        ),
        (
            "Libere espacio en {place}; 'du -xh {place} | sort -h | tail' (en Windows: Configuración, Sistema, "
            "Almacenamiento) muestra qué ocupa más."
        ),
    ),
    "fix-read-only": (
        (
            "Look at it (dmesg, smartctl), then 'umount {place} && fsck -y {place} && mount {place}', or restart the "
            "machine, which does the same."
        ),
        (
            "Revíselo (dmesg, smartctl) y luego 'umount {place} && fsck -y {place} && mount {place}', o reinicie el "
            "equipo, que hace lo mismo."
        ),
    ),
    "and-how": ("{said} {fix}", "{said} {fix}"),
    # A clock
    "clock-off": (
        "This PC's clock is {minutes} minutes {which} head office's.",
        "El reloj de esta PC {which} {minutes} minutos respecto de la central.",
    ),
    "clock-behind": ("behind", "atrasa"),
    "clock-ahead": ("ahead of", "adelanta"),
    "clock-behind-itself": (
        "This PC's clock is behind what it wrote itself at {newest}; set it.",
        "El reloj de esta PC está atrás de lo que ella misma escribió a las {newest}; póngalo en hora.",
    ),
    "clock-fine": (
        "Nothing says that this PC's clock is wrong.",
        "Nada indica que el reloj de esta PC esté mal.",
    ),
    # The report as text
    "read": ("read", "leídas"),
    "new": ("new", "nuevas"),
    "changed": ("changed", "cambiadas"),
    "same": ("same", "iguales"),
    "repaired": ("repaired", "reparadas"),
    "rejected": ("rejected", "rechazadas"),
    "noted": ("noted", "avisos"),
    "total": ("total", "total"),
    "title-rejected": ("Rejected, not imported", "Rechazadas, no importadas"),
    "title-repaired": ("Repaired", "Reparadas"),
    "title-noted": ("Imported as it is, but look at it", "Importado tal cual, pero conviene revisarlo"),
    "row": ("row {row}", "fila {row}"),
    "and-more": ("and {count} more", "y {count} más"),
    "rows": ("{count} rows: {ids}", "{count} filas: {ids}"),
    "end-dry-run": (
        "Nothing was changed; this is what would happen.",
        "No se cambió nada; esto es lo que ocurriría.",
    ),
    "end-done": (
        "Imported. What was stored was read back and equals the file, apart from what is listed above.",
        "Importado. Lo guardado se volvió a leer y es igual al archivo, salvo lo indicado arriba.",
    ),
    "end-clean": (
        "Imported. What was stored was read back and equals the file.",
        "Importado. Lo guardado se volvió a leer y es igual al archivo.",
    ),
    "end-same": (
        "Nothing to do: everything in the file was here already.",
        "Nada que hacer: todo lo del archivo ya estaba aquí.",
    ),
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence, or a part of one, by its code; `values` may be phrases themselves."""

    code: str
    values: Mapping[str, Any]
    table: Mapping[str, tuple[str, str]] = field(default_factory=lambda: _PHRASES, repr=False, compare=False)

    def text(self, language: str) -> str:
        """The sentence in `es` or else in English."""
        english, spanish = self.table[self.code]
        values = {k: v.text(language) if isinstance(v, Phrase) else v for k, v in self.values.items()}
        return (spanish if language == "es" else english).format(**values)

    def __str__(self) -> str:
        return self.text("en")


def phrase(code: str, **values: Any) -> Phrase:
    """The phrase of this code."""
    return Phrase(code, values)


def both(english: str, spanish: str) -> Phrase:
    """A phrase that was made in both languages elsewhere."""
    return Phrase("", {"english": english, "spanish": spanish}, {"": ("{english}", "{spanish}")})


def in_language(reason: Phrase | str, language: str) -> str:
    """What may be a phrase, or a text that somebody else wrote."""
    return reason.text(language) if isinstance(reason, Phrase) else reason
