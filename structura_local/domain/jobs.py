"""Jobs: what is to be produced, on which machine, for which project."""

from structura_local.domain.fields import ANY, Collection, Field, Kind, Merge, choice, flag, moment, number, text
from structura_local.domain.machines import MACHINE_TYPES

STAGE_NAMES = ("CORTE", "SOLDADURA", "PINTURA", "TERMINADO")

JOBS = Collection(
    "jobs",
    "Job",
    (
        text("projectId", required=True, refers="projects"),
        choice("machineType", *MACHINE_TYPES, required=True),
        text("assignedMachineId", refers="machines"),
        Field("operatorIds", Kind.TEXTS, merge=Merge.SET, refers="users"),
        text("productName", required=True),
        number("targetQuantity", required=True, low=0),
        number("completedQuantity", default=0, low=0),
        number("scrapQuantity", low=0),
        text("unit", required=True),
        choice("status", "PENDING", "IN_PROGRESS", "COMPLETED", "HALTED", default="PENDING"),
        moment("startDate"),
        moment("endDate"),
        Field("priorityIndex", Kind.INTEGER),
        text("fileUrl"),
        text("notes", long=True),
        text("operatorNotes", long=True),
        flag("requiresPanelizado"),
        text("linkedJobId", refers="jobs"),
        Field("workflowStages", Kind.STAGES),
        text("currentCoilId", refers=ANY),
        flag("isStock"),
        number("tonnage"),
        moment("completedAt"),
    ),
)
