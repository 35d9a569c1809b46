"""Why a file from head office was not taken, in Spanish: each refusal of sync/carry/ that a plant can meet.

tests/test_spanish.py finds sentences that are missing here.
"""

from collections.abc import Mapping

from structura_local.spanish import Dictionary

_NOT_OURS = "No es un archivo hecho por 'structura-local sync export' ni por 'structura-local central export'."

SENTENCES: Mapping[str, str] = {
    "This file is older than what has been exchanged since, or this PC's database was restored meanwhile. Nothing was "
    "taken; run 'structura-local sync export' and carry that to head office.":
        "Este archivo es anterior a lo que se intercambió después, o la base de esta PC se restauró mientras tanto. No "
        "se tomó nada; descargue un archivo nuevo para la central y llévelo allí.",
    "Something is missing before this file: it begins after change {} of head office, and this PC has them up to {}. "
    "Nothing was taken; run 'structura-local sync export' and carry that to head office: the next answer begins where "
    "this PC is.":
        "Falta algo antes de este archivo: comienza después del cambio {} de la central, y esta PC los tiene hasta el "
        "{}. No se tomó nada; descargue un archivo nuevo para la central y llévelo allí: la respuesta comenzará donde "
        "está esta PC.",
    "This file is for the plant '{}'; this PC belongs to '{}'.":
        "Este archivo es para la planta '{}'; esta PC es de '{}'.",
    "This file is for another PC of the plant (node {}); this one is {}. If this PC has become another node meanwhile, "
    "carry a file from it to head office first.":
        "Este archivo es para otra PC de la planta (nodo {}); esta es {}. Si mientras tanto esta PC pasó a ser otro "
        "nodo, lleve primero un archivo de ella a la central.",
    "This file is signed for the bundle {}; this PC has {}. Run 'structura-local sync export' and carry that to head "
    "office first.":
        "Este archivo está firmado para el paquete {}; esta PC tiene {}. Lleve primero un archivo de esta PC a la "
        "central.",
    "This file has format {}, this program reads {}: the two sides' programs are too different; upgrade the older one.":
        "Este archivo tiene el formato {}, este programa lee el {}: los programas de los dos lados son demasiado "
        "distintos; actualice el más antiguo.",
    "This file speaks protocol {}, this program {}: the program here wants an upgrade.":
        "Este archivo habla el protocolo {}, este programa el {}: hay que actualizar el programa de aquí.",
    "This file speaks protocol {}, this program {}: the program that made it wants an upgrade.":
        "Este archivo habla el protocolo {}, este programa el {}: hay que actualizar el programa que lo hizo.",
    "This file comes from a plant; 'structura-local central import' at head office takes it.":
        "Este archivo viene de una planta; lo toma la central con 'structura-local central import'.",
    "This file comes from head office; 'structura-local sync import' at the plant takes it.":
        "Este archivo viene de la central; lo toma la planta con 'structura-local sync import'.",
    "This is not a file made by 'structura-local sync export' or 'structura-local central export'.": _NOT_OURS,
    "This file is not signed, or its end is missing; have it made again.":
        "Este archivo no está firmado, o le falta el final; pida que lo hagan de nuevo.",
    "This file's signature is wrong: it was altered on the way, or signed with another bundle. Nothing was taken from "
    "it.":
        "La firma de este archivo no es correcta: lo alteraron en el camino, o se firmó con otro paquete. No se tomó "
        "nada.",
    "This file is larger than {} MiB; it cannot have been made by this program.":
        "Este archivo supera {} MiB; no puede haberlo hecho este programa.",
    "An exchange with head office over the network is under way, and takes its time. Nothing was done; try again when "
    "it has ended, or has been given up.":
        "Hay un intercambio con la central por la red en curso, y tarda. No se hizo nada; inténtelo otra vez cuando "
        "termine o se abandone.",
    "This file is damaged or cut off; copy it again, or have it made again.":
        "Este archivo está dañado o cortado; cópielo otra vez, o pida que lo hagan de nuevo.",
}  # fmt: skip

spanish = Dictionary(SENTENCES)
