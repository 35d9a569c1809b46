"""Alerts: what somebody should look at, until it is dismissed."""

from structura_local.domain.fields import ANY, Collection, choice, flag, moment, text

ALERTS = Collection(
    "alerts",
    "Alert",
    (
        choice(
            "type",
            "MACHINE_STOPPED",
            "UNASSIGNED_OPERATOR",
            "DELAY_RISK",
            "LOW_STOCK",
            "JOB_READY",
            "PROJECT_COMPLETED",
            "OPERATOR_ALERT",
            "MAINTENANCE_DUE",
            "JOB_FINISHED",
            "READY_FOR_DELIVERY",
            required=True,
        ),
        text("message", required=True, long=True),
        choice("severity", "HIGH", "MEDIUM", "LOW", required=True),
        moment("timestamp", filled=True),
        text("relatedId", refers=ANY),
        flag("dismissed", default=False, legacy=False),
        moment("receivedAt", wire=False),
    ),
    newest_first=True,
)
