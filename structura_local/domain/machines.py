"""Machines on the shop floor."""

from structura_local.domain.fields import Collection, Field, Kind, Merge, choice, flag, moment, number, text

MACHINE_TYPES = ("CONFORMADORA", "PANELIZADO", "SOLDADURA", "PINTURA", "CARGA", "PANELES_SIP", "HERRERIA")

MACHINES = Collection(
    "machines",
    "Machine",
    (
        text("name", required=True),
        choice("type", *MACHINE_TYPES, required=True),
        choice("category", "STANDARD", "STRUCTURAL"),
        text("brand"),
        choice("status", "RUNNING", "IDLE", "MAINTENANCE", "ERROR", "OFFLINE", default="IDLE"),
        text("currentJobId", send_null=True, refers="jobs"),
        Field("operatorIds", Kind.TEXTS, default=(), merge=Merge.SET, refers="users"),
        number("efficiency", default=0, low=0, high=100),
        number("oee_availability", default=0, low=0, high=100),
        number("oee_performance", default=0, low=0, high=100),
        number("oee_quality", default=0, low=0, high=100),
        number("temperature"),
        moment("lastMaintenance"),
        text("maintenanceReason"),
        flag("isActive", default=True),
        text("color"),
        number("totalMetersProduced", default=0, low=0, merge=Merge.COUNTER),
        number("nextMaintenanceMeters", default=0, low=0),
    ),
)
