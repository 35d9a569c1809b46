"""The log of the shop floor: written once, never changed."""

from structura_local.domain.fields import Collection, choice, moment, text

EVENTS = Collection(
    "events",
    "ProductionEvent",
    (
        text("machineId", required=True),
        choice(
            "type",
            "JOB_START",
            "JOB_COMPLETE",
            "COIL_CHANGE",
            "ERROR_LOG",
            "QUALITY_CHECK",
            "CALIBRATION",
            "CLEANING",
            "STAGE_COMPLETE",
            "SCRAP_REPORT",
            required=True,
        ),
        text("description", required=True, long=True),
        choice("severity", "INFO", "WARNING", "CRITICAL", required=True),
        moment("timestamp", filled=True),
        moment("receivedAt", wire=False),
    ),
    newest_first=True,
    append_only=True,
)
