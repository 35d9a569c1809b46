"""What is wrong with a field, in Spanish: each English sentence that `errors[].msg` can be, with its translation.

`{}` stands for what changes from case to case. tests/test_spanish.py finds sentences that are missing here.
"""

import re
from collections.abc import Mapping
from functools import cached_property

SENTENCES: Mapping[str, str] = {
    # Of bodies
    "is missing": "falta",
    "is not known": "no se conoce",
    "must be an object": "debe ser un objeto",
    "must be a list": "debe ser una lista",
    "must be text": "debe ser texto",
    "must not be empty": "no puede estar vacío",
    "may have at most {} characters": "puede tener como máximo {} caracteres",
    "may have at most {} elements": "puede tener como máximo {} elementos",
    "must not contain the character U+0000": "no puede contener el carácter U+0000",
    "is not a time zone": "no es una zona horaria",
    "must be 4 to 8 digits": "debe tener de 4 a 8 dígitos",
    "must be 4 to 8 digits, or •••• to keep the PIN": "debe tener de 4 a 8 dígitos, o •••• para conservar el PIN",
    "is among the first that anybody would try": "es de los primeros que cualquiera probaría",
    "must be a code of 8 digits": "debe ser un código de 8 dígitos",
    "must be 1 to 128 letters, digits or . _ : -": "debe tener de 1 a 128 letras, dígitos o . _ : -",
    "must be a number": "debe ser un número",
    "must be a finite number": "debe ser un número finito",
    "must be a whole number": "debe ser un número entero",
    "must be at least {}": "debe ser al menos {}",
    "must be at most {}": "debe ser como máximo {}",
    "must be true or false": "debe ser true o false",
    "must be one of {}": "debe ser uno de {}",
    "must be an ISO 8601 date or timestamp": "debe ser una fecha o fecha y hora ISO 8601",
    "must have add or remove": "debe tener add o remove",
    "would be less than {}": "quedaría por debajo de {}",
    "would have more than {} elements": "tendría más de {} elementos",
    "would be beyond ±{}": "quedaría fuera de ±{}",
    "is not valid": "no es válido",
    # Of settings
    "{} is not a whole number between 0 and 65535": "{} no es un número entero entre 0 y 65535",
    "{} is not a number above 0 and up to 8760": "{} no es un número mayor que 0 y hasta 8760",
    "{} has no index.html": "{} no tiene index.html",
    "{} is not a whole path": "{} no es una ruta completa",
    "{} can never be read without a token": "{} nunca se puede leer sin token",
    "there is no list {}": "no existe la lista {}",
    "{} is neither true nor false": "{} no es ni true ni false",
    "{} is no time zone, as 'America/Montevideo' is": "{} no es una zona horaria, como lo es 'America/Montevideo'",
    "{} is neither 0 nor a whole number between 90 and 36500": "{} no es 0 ni un número entero entre 90 y 36500",
    "{} is none of {}": "{} no es ninguno de {}",
    "it cannot be {}": "no puede ser {}",
    "files for HTTPS are a certificate and its key": "los archivos para HTTPS son un certificado y su clave",
    "without HTTPS there has to be HTTP": "sin HTTPS tiene que haber HTTP",
    "HTTP has this port": "HTTP tiene este puerto",
    "port {} on {} cannot be used: {}": "el puerto {} en {} no se puede usar: {}",
    "{} cannot be read: {}": "{} no se puede leer: {}",
    "{} holds no certificate in PEM": "{} no contiene ningún certificado en PEM",
    "{} holds no key in PEM": "{} no contiene ninguna clave en PEM",
    "{} has a password": "{} tiene contraseña",
    "{} is not the key of {}": "{} no es la clave de {}",
    "{} is cut off or damaged; copy it there again, whole": "{} está cortado o dañado; cópielo allí de nuevo, entero",
    "{} and {} cannot be used together": "{} y {} no se pueden usar juntos",
    "by this PC's clock the authority in {} ended on {}; set the clock right, or remove that file and start again: "
    "then devices have to trust a new one": "según el reloj de este equipo la autoridad en {} venció el {}; ponga bien "
    "la hora, o borre ese archivo e inicie de nuevo: entonces los dispositivos tendrán que confiar en una nueva",
    # Of ids
    "is part of an address already; choose another": "ya forma parte de una dirección; elija otro",
    "is not the id in the path": "no es el id de la dirección",
    # Of parameters
    "unknown": "desconocido",
    "may be given once": "solo puede indicarse una vez",
    "goes without a cursor": "no se usa junto con cursor",
    "must come from the Link of a page": "debe venir del Link de una página",
    "belongs to another list": "es de otra lista",
    "belongs to a list in another order": "es de una lista con otro orden",
    "must be the name of a field, with - before it for the other direction": "debe ser el nombre de un campo, "
    "con - delante para el orden inverso",
    "must be seq or -seq": "debe ser seq o -seq",
    "must be a whole number from {} to {}": "debe ser un número entero de {} a {}",
    "may have at most {} words": "puede tener como máximo {} palabras",
}


class Dictionary:
    """Translates whole sentences, with whatever stands in their blanks; None for one that it does not have."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        self._sentences = sentences

    def __call__(self, sentence: str) -> str | None:
        if sentence in self._sentences:
            return self._sentences[sentence]
        for pattern, translation in self._patterns:
            if found := pattern.fullmatch(sentence):
                return translation.format(*found.groups())
        return None

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        return [
            (re.compile(re.escape(english).replace(r"\{\}", "(.+)"), re.DOTALL), translation)
            for english, translation in self._sentences.items()
            if "{}" in english
        ]


spanish = Dictionary(SENTENCES)
