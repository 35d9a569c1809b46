"""What the doctor says, in English and Spanish. Commands are the same in both."""

from collections.abc import Mapping

SENTENCES: Mapping[str, tuple[str, str]] = {
    "command": ("{command}", "{command}"),
    # The port
    "serves": ("The server answers at {url}.", "El servidor responde en {url}."),
    "mute": (
        "The server runs, but does not answer at {url} as it should: {why}.",
        "El servidor está en marcha, pero no responde en {url} como debe: {why}.",
    ),
    "port-free": (
        "Port {port} is free; the server does not run.",
        "El puerto {port} está libre; el servidor no está en marcha.",
    ),
    "port-held": ("Port {port} is held by {holder}.", "El puerto {port} lo ocupa {holder}."),
    "holder": ("{name} (process {process})", "{name} (proceso {process})"),
    "holder-unknown": (
        "another program (as root, or as an administrator, doctor names it)",
        "otro programa (como root o administrador, doctor lo nombra)",
    ),
    "port-denied": (
        "Port {port} on {host} cannot be used: {why}.",
        "El puerto {port} en {host} no se puede usar: {why}.",
    ),
    "fix-port": (
        "End that program, or put 'port = {other}' into {file} and restart the service.",
        "Cierre ese programa, o ponga 'port = {other}' en {file} y reinicie el servicio.",
    ),
    # The firewall
    "no-firewall": ("No firewall of this machine is in the way.", "Ningún cortafuegos de este equipo lo impide."),
    "firewall-open": (
        "The firewall ({name}) lets port {port} in.",
        "El cortafuegos ({name}) deja entrar al puerto {port}.",
    ),
    "firewall-closed": (
        "The firewall ({name}) does not let terminals reach port {port}.",
        "El cortafuegos ({name}) no deja que los terminales lleguen al puerto {port}.",
    ),
    "firewall-unknown": (
        "Whether a firewall is in the way, only root or an administrator can see.",
        "Si un cortafuegos lo impide, solo root o un administrador puede verlo.",
    ),
    "again-as-root": (
        "Run 'sudo structura-local doctor' (on Windows: as an administrator).",
        "Ejecute 'sudo structura-local doctor' (en Windows: como administrador).",
    ),
    # HTTPS
    "https-off": ("HTTPS is off.", "HTTPS está desactivado."),
    "https-own": (
        "The certificate for HTTPS is made here and renews itself.",
        "El certificado para HTTPS se hace aquí y se renueva solo.",
    ),
    "https-fine": (
        "{certificate} and its key fit; it is good until {until}.",
        "{certificate} y su clave corresponden; vale hasta {until}.",
    ),
    "https-ending": ("{certificate} is good until {until} only.", "{certificate} vale solamente hasta {until}."),
    "https-ended": (
        "{certificate} ended on {until}; browsers refuse it.",
        "{certificate} venció el {until}; los navegadores lo rechazan.",
    ),
    "https-unfit": ("HTTPS cannot use its files: {why}.", "HTTPS no puede usar sus archivos: {why}."),
    "fix-https": (
        "Put a new certificate with its chain at {certificate} and its key at {key}, both PEM; they are taken at once.",
        "Ponga un certificado nuevo con su cadena en {certificate} y su clave en {key}, en PEM; se toman al momento.",
    ),
    # The disk
    "disk": ("{free} GB are free where the data is.", "Hay {free} GB libres donde están los datos."),
    "drive": ("The data is on a drive of this machine.", "Los datos están en un disco de este equipo."),
    "network-drive": (
        "The data folder {folder} is on a network drive ({kind}); a database is damaged there.",
        "La carpeta de datos {folder} está en una unidad de red ({kind}); allí una base de datos se daña.",
    ),
    "fix-drive": (
        "Move the folder to a disk of this machine, and name it with --data-dir or STRUCTURA_DATA_DIR.",
        "Mueva la carpeta a un disco de este equipo e indíquela con --data-dir o STRUCTURA_DATA_DIR.",
    ),
    # The clock
    "clock": ("The clock is not behind the newest entry.", "El reloj no está atrasado respecto del último registro."),
    "clock-behind": (
        "The clock says {now}, but something was written at {newest}: it was set back, or was ahead then.",
        "El reloj dice {now}, pero algo se escribió a las {newest}: se atrasó, o antes estaba adelantado.",
    ),
    "clock-off": (
        "The clock is {seconds} s away from head office's.",
        "El reloj difiere en {seconds} s del de la central.",
    ),
    "clock-agrees": (
        "The clock agrees with head office's to {seconds} s.",
        "El reloj coincide con el de la central ({seconds} s).",
    ),
    # Rights
    "rights": ("Only the service's account can read the data.", "Solo la cuenta del servicio puede leer los datos."),
    "rights-open": ("Others can read {names}.", "Otros pueden leer {names}."),
    "rights-foreign": (
        "The server's account ({owner}) cannot use {names}: they belong to somebody else.",
        "La cuenta del servidor ({owner}) no puede usar {names}: son de otra cuenta.",
    ),
    "rights-denied": ("{folder} cannot be read by you.", "Usted no puede leer {folder}."),
    # The database
    "no-plant": ("There is no plant in {folder} yet.", "Todavía no hay ninguna planta en {folder}."),
    "fix-no-plant": (
        "structura-local init --plant NAME --admin-name NAME --admin-pin PIN",
        "structura-local init --plant NOMBRE --admin-name NOMBRE --admin-pin PIN",
    ),
    "database": ("The database is whole ({size} MB).", "La base de datos está íntegra ({size} MB)."),
    "database-damaged": ("The database is damaged: {what}.", "La base de datos está dañada: {what}."),
    "database-missing": (
        "The database {path} is missing, although there was one.",
        "Falta la base de datos {path}, aunque había una.",
    ),
    "database-newer": (
        "A newer version of the program ({newer}) wrote the database; this one, {version}, does not open it.",
        "Una versión más nueva del programa ({newer}) escribió la base de datos; esta, {version}, no la abre.",
    ),
    "fix-newer": (
        "Install {newer} again, or 'structura-local restore ID' with a backup from before ('backup --list').",
        "Vuelva a instalar {newer}, o 'structura-local restore ID' con una copia de antes ('backup --list').",
    ),
    "fix-database": (
        "'structura-local backup --list' shows the backups, 'structura-local restore ID' brings one back.",
        "'structura-local backup --list' muestra las copias, 'structura-local restore ID' recupera una.",
    ),
    "sqlite": ("SQLite {version}.", "SQLite {version}."),
    "sqlite-old": (
        "SQLite {version} can damage a database; {needed} or later is needed.",
        "SQLite {version} puede dañar una base de datos; se necesita {needed} o posterior.",
    ),
    "fix-sqlite": (
        "Install the packaged program; it brings its own.",
        "Instale el programa empaquetado; trae el suyo.",
    ),
    "backup": ("The newest backup is {hours} hours old.", "La última copia de seguridad tiene {hours} horas."),
    "backup-none": (
        "There is no backup yet; the server makes the first within a minute of its start.",
        "Todavía no hay ninguna copia de seguridad; el servidor hace la primera antes de un minuto de arrancar.",
    ),
    "fix-backup": ("structura-local backup", "structura-local backup"),
    # Head office
    "office-none": ("This plant is not connected to head office.", "Esta planta no está conectada con la central."),
    "office-name": ("The name is known: {detail}.", "El nombre se conoce: {detail}."),
    "office-tcp": (
        "Head office's server accepts connections at {detail}.",
        "El servidor de la central acepta conexiones en {detail}.",
    ),
    "office-tls": ("The connection is encrypted ({detail}).", "La conexión está cifrada ({detail})."),
    "office-plain": ("The connection is not encrypted.", "La conexión no está cifrada."),
    "office-login": ("The bundle's password is good ({detail}).", "La contraseña del paquete es válida ({detail})."),
    "office-schema": (
        "Head office's program is version {detail} and knows this plant.",
        "El programa de la central es la versión {detail} y conoce esta planta.",
    ),
    "office-failed": ("{why}", "{why}"),
    "office-not-tried": ("Not tried: a step before it failed.", "No se probó: falló un paso anterior."),
    "fix-office-name": ("nslookup {host}", "nslookup {host}"),
    "fix-office-tcp": (
        (
            "'nc -vz {host} {port}' from here (on Windows: Test-NetConnection {host} -Port {port}); ask head office "
            "whether its firewall lets this address in."
        ),
        (
            "'nc -vz {host} {port}' desde aquí (en Windows: Test-NetConnection {host} -Port {port}); pregunte a la "
            "central si su cortafuegos deja entrar esta dirección."
        ),
    ),
    "fix-office-tls": (
        "openssl s_client -starttls postgres -connect {host}:{port}",
        "openssl s_client -starttls postgres -connect {host}:{port}",
    ),
    "fix-office-login": (
        "Ask head office for a new bundle ('structura-local central enroll'), then here: structura-local enroll FILE",
        (
            "Pida a la central un paquete nuevo ('structura-local central enroll'); luego aquí: structura-local "
            "enroll ARCHIVO"
        ),
    ),
    "fix-office-schema": (
        "At head office: structura-local central init DSN",
        "En la central: structura-local central init DSN",
    ),
    # The whole
    "all-well": ("Nothing is wrong.", "Todo está bien."),
    "some-failed": ("{failed} failed, {warnings} warnings.", "{failed} fallos, {warnings} avisos."),
}
