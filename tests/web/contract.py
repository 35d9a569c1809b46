"""The ten collections as clients were promised them, written out by hand: the declarations are checked against it."""

from dataclasses import dataclass, field
from typing import Any

MACHINE_TYPES = ["CONFORMADORA", "PANELIZADO", "SOLDADURA", "PINTURA", "CARGA", "PANELES_SIP", "HERRERIA"]

UNSET: Any = object()


@dataclass(frozen=True)
class F:
    """A field: `value` is a good one that is not its default; `default` is what a new object answers with."""

    kind: str  # text, long, number, integer, flag, choice, moment, ids, stages, pin
    value: Any
    required: bool = False
    default: Any = UNSET
    choices: list[str] = field(default_factory=list)
    low: float | None = None
    high: float | None = None
    counter: bool = False  # its values keep to ±10^15, where decimals are exact

    @property
    def default_answered(self) -> bool:
        return self.default is not UNSET


def text(value: str = "algo ñandú", **more: Any) -> F:
    return F("text", value, **more)


def long(value: str = "línea 1\nlínea 2", **more: Any) -> F:
    return F("long", value, **more)


def number(value: float = 12.5, **more: Any) -> F:
    return F("number", value, **more)


def flag(value: bool = True, **more: Any) -> F:
    return F("flag", value, **more)


def choice(choices: str | list[str], **more: Any) -> F:
    names = choices.split() if isinstance(choices, str) else choices
    return F("choice", names[-1], choices=names, **more)


def moment(value: str, **more: Any) -> F:
    return F("moment", value, **more)


def percent(value: float) -> F:
    return number(value, default=0, low=0, high=100)


NOW = "now"  # the server's time

COLLECTIONS: dict[str, dict[str, F]] = {
    "machines": {
        "name": text("Conf. Cunmac", required=True),
        "type": choice(MACHINE_TYPES, required=True),
        "category": choice("STANDARD STRUCTURAL"),
        "brand": text("Cunmac"),
        "status": choice("RUNNING IDLE MAINTENANCE ERROR OFFLINE", default="IDLE"),
        "currentJobId": text("JOBS-1", default=None),
        "operatorIds": F("ids", ["U-002", "U-003"], default=[]),
        "efficiency": percent(92),
        "oee_availability": percent(95.5),
        "oee_performance": percent(97),
        "oee_quality": percent(99),
        "temperature": number(-4.5),
        "lastMaintenance": moment("2026-09-15"),
        "maintenanceReason": text("Cambio de rodillos"),
        "isActive": flag(False, default=True),
        "color": text("#f59e0b"),
        "totalMetersProduced": number(437515.85, default=0, low=0, counter=True),
        "nextMaintenanceMeters": number(500000, default=0, low=0),
    },
    "jobs": {
        "projectId": text("P-1", required=True),
        "machineType": choice(MACHINE_TYPES, required=True),
        "assignedMachineId": text("M-02"),
        "operatorIds": F("ids", ["U-002"]),
        "productName": text("Perfil C", required=True),
        "targetQuantity": number(118, required=True, low=0),
        "completedQuantity": number(17.25, default=0, low=0),
        "scrapQuantity": number(3, low=0),
        "unit": text("unidades (6m)", required=True),
        "status": choice("PENDING IN_PROGRESS COMPLETED HALTED", default="PENDING"),
        "startDate": moment("2027-01-04"),
        "endDate": moment("2027-01-09T17:30:00.000Z"),
        "priorityIndex": F("integer", 7),
        "fileUrl": text("lista de corte ñ 1.csv"),
        "notes": long(),
        "operatorNotes": long("faltó 1 perfil\nse repuso"),
        "requiresPanelizado": flag(),
        "linkedJobId": text("JOBS-2"),
        "workflowStages": F(
            "stages",
            [
                {"name": "CORTE", "isCompleted": True, "completedAt": "2026-02-09T18:00:00.962Z"},
                {"name": "SOLDADURA", "isCompleted": False},
                {"name": "PINTURA", "isCompleted": False},
                {"name": "TERMINADO", "isCompleted": False},
            ],
        ),
        "currentCoilId": text("INV-3"),
        "isStock": flag(),
        "tonnage": number(1.75),
        "completedAt": moment("2026-02-10T07:00:00.763Z"),
    },
    "projects": {
        "name": text("Casa Müller", required=True),
        "clientId": text("CL-1", default=""),
        "deadline": moment("2027-03-01", required=True),
        "status": choice("PLANNING IN_PROGRESS COMPLETED DELAYED ARCHIVED", default="PLANNING"),
        "description": long(),
        "budget": number(125000.5, low=0),
    },
    "users": {
        "name": text("Nueva Persona", required=True),
        "role": choice("ADMIN SUPERVISOR OPERATOR", required=True),
        "pin": F("pin", "90909090", required=True),
        "avatar": text("🧑‍🏭"),
    },
    "clients": {
        "name": text("Constructora Sur", required=True),
        "contactPerson": text("Eva", default=""),
        "email": text("eva@example.org", default=""),
        "phone": text("+54 11 5555", default=""),
        "address": text("Calle 1"),
        "taxId": text("20-1"),
    },
    "inventory": {
        "name": text("Bobina 0.9", required=True),
        "sku": text("BOB-09", required=True),
        "quantity": number(-3.5, default=0, counter=True),
        "unit": choice("kg m units L", required=True),
        "minThreshold": number(50, default=0, low=0),
        "location": text("Estante 3", default=""),
        "isManufactured": flag(),
    },
    "alerts": {
        "type": choice(
            "MACHINE_STOPPED UNASSIGNED_OPERATOR DELAY_RISK LOW_STOCK JOB_READY PROJECT_COMPLETED OPERATOR_ALERT"
            " MAINTENANCE_DUE JOB_FINISHED READY_FOR_DELIVERY",
            required=True,
        ),
        "message": long("Parada", required=True),
        "severity": choice("HIGH MEDIUM LOW", required=True),
        "timestamp": moment("2026-05-01T10:00:00-03:00", default=NOW),
        "relatedId": text("M-01"),
        "dismissed": flag(True, default=False),
    },
    "messages": {
        "from": text("LOGÍSTICA: CARGA DEL DÍA", default="U-ADMIN"),
        "to": text("U-ADMIN", required=True),
        "content": long("Hola", required=True),
        "timestamp": moment("2026-05-01T10:00:00.000Z", default=NOW),
        "isRead": flag(True, default=False),
    },
    "events": {
        "machineId": text("TALLER", required=True),
        "type": choice(
            "JOB_START JOB_COMPLETE COIL_CHANGE ERROR_LOG QUALITY_CHECK CALIBRATION CLEANING STAGE_COMPLETE"
            " SCRAP_REPORT",
            required=True,
        ),
        "description": long("Bobina nueva", required=True),
        "severity": choice("INFO WARNING CRITICAL", required=True),
        "timestamp": moment("2026-05-01T10:00:00.000Z", default=NOW),
    },
    "project-accessories": {
        "projectId": text("P-1", required=True),
        "inventoryItemId": text("INV-1", required=True),
        "quantityRequired": number(4, required=True, low=1),
        "quantityAllocated": number(2.5, default=0, low=0),
        "isFulfilled": flag(True, default=False),
    },
}
PATHS = list(COLLECTIONS)
CHANGEABLE = [path for path in PATHS if path != "events"]
KEYS = {"project-accessories": "projectAccessories"}  # in exports; the others are called as in URLs

_PINS = iter(range(20_000_000, 99_999_999))


def minimal(path: str, **more: Any) -> dict[str, Any]:
    """The smallest body that creates an object; each has a SKU and a PIN of its own."""
    body = {name: field.value for name, field in COLLECTIONS[path].items() if field.required}
    number = next(_PINS)
    if path == "inventory":
        body["sku"] = f"SKU-{number}"
    if path == "users":
        body["pin"] = str(number)
    return {**body, **more}


def full(path: str, **more: Any) -> dict[str, Any]:
    """A body with every field."""
    return {**{name: field.value for name, field in COLLECTIONS[path].items()}, **minimal(path), **more}


def answered(path: str, body: dict[str, Any], now: str) -> dict[str, Any]:
    """What the server makes of a body that creates an object, the id aside."""
    defaults = {name: field.default for name, field in COLLECTIONS[path].items() if field.default_answered}
    defaults = {name: now if value == NOW else value for name, value in defaults.items()}
    shown = {**defaults, **body}
    if "pin" in shown:
        shown["pin"] = "••••"
    return shown
