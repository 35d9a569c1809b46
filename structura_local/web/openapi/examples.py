"""The examples in the API's description: one object a collection, of one small plant."""

from collections.abc import Mapping
from typing import Any

OBJECTS: Mapping[str, dict[str, Any]] = {
    "machines": {
        "id": "M-02", "name": "Conf. Cunmac", "type": "CONFORMADORA", "category": "STANDARD", "brand": "Cunmac",
        "status": "RUNNING", "currentJobId": "JOBS-1770624000828", "operatorIds": ["U-003"], "efficiency": 92,
        "oee_availability": 95.5, "oee_performance": 97, "oee_quality": 99, "temperature": 41.5,
        "lastMaintenance": "2026-01-15", "isActive": True, "color": "#f59e0b", "totalMetersProduced": 8437.5,
        "nextMaintenanceMeters": 10000,
    },
    "jobs": {
        "id": "JOBS-1770624000828", "projectId": "PROJECTS-1770624000118", "machineType": "CONFORMADORA",
        "assignedMachineId": "M-02", "operatorIds": ["U-003"], "productName": "Perfil C 100 × 0,9",
        "targetQuantity": 500, "completedQuantity": 120.5, "scrapQuantity": 3, "unit": "m", "status": "IN_PROGRESS",
        "startDate": "2026-02-09", "priorityIndex": 1, "notes": "Cortar a 6 m.", "requiresPanelizado": True,
        "workflowStages": [
            {"name": "CORTE", "isCompleted": True, "completedAt": "2026-02-09T18:00:00.962Z"},
            {"name": "TERMINADO", "isCompleted": False},
        ],
        "currentCoilId": "INVENTORY-1770624000000", "tonnage": 1.75,
    },
    "projects": {
        "id": "PROJECTS-1770624000118", "name": "Casa Müller", "clientId": "CLIENTS-1770624000000",
        "deadline": "2026-03-13", "status": "IN_PROGRESS", "description": "Steel framing, 2 plantas",
        "budget": 437515.85,
    },
    "users": {"id": "U-003", "name": "Olga Taller", "role": "OPERATOR", "pin": "••••", "avatar": "👷"},
    "clients": {
        "id": "CLIENTS-1770624000000", "name": "Constructora Sur", "contactPerson": "Eva Fernández",
        "email": "eva@constructora-sur.example", "phone": "+54 11 5555 0100", "address": "Av. Rivadavia 1200",
        "taxId": "30-12345678-9",
    },
    "inventory": {
        "id": "INVENTORY-1770624000000", "name": "Bobina galvanizada 0,9 mm", "sku": "BOB-09", "quantity": 812.5,
        "unit": "kg", "minThreshold": 500, "location": "Estante A2", "isManufactured": False,
    },
    "alerts": {
        "id": "ALERT-1770670800000-nmy0c3xtj", "type": "READY_FOR_DELIVERY", "severity": "HIGH",
        "message": "PROYECTO LISTO: Casa Müller está pronto para despacho.", "timestamp": "2026-02-09T21:00:00.000Z",
        "relatedId": "PROJECTS-1770624000118", "dismissed": False,
    },
    "messages": {
        "id": "MSG-1770624000000-jt9lyd5mp", "from": "LOGÍSTICA: CARGA DEL DÍA", "to": "ALL",
        "content": "El proyecto Casa Müller está finalizado y debe despacharse HOY.",
        "timestamp": "2026-02-09T08:00:00.000Z", "isRead": False,
    },
    "events": {
        "id": "EV-1770845340575-fv3pplop5", "machineId": "M-02", "type": "COIL_CHANGE", "severity": "INFO",
        "description": "Bobina nueva: BOB-09", "timestamp": "2026-02-11T21:29:00.575Z",
    },
    "project_accessories": {
        "id": "PROJECTACCESSORIES-1770624000121", "projectId": "PROJECTS-1770624000118",
        "inventoryItemId": "INVENTORY-1770624000000", "quantityRequired": 59, "quantityAllocated": 12,
        "isFulfilled": False,
    },
}  # fmt: skip

CHANGES: Mapping[str, dict[str, Any]] = {
    "machines": {"status": "MAINTENANCE", "maintenanceReason": "Cambio de rodillos", "currentJobId": None},
    "jobs": {"status": "IN_PROGRESS", "completedQuantity": 240, "operatorIds": {"add": ["U-004"], "remove": ["U-003"]}},
    "projects": {"status": "DELAYED", "deadline": "2026-03-20"},
    "users": {"name": "Olga T. Taller", "pin": "••••"},
    "clients": {"phone": "+54 11 5555 0199"},
    "inventory": {"quantity": {"add": -20}},
    "alerts": {"dismissed": True},
    "messages": {"isRead": True},
    "project_accessories": {"quantityAllocated": 59, "isFulfilled": True},
}

# What the blanks in the sentences of errors.py are filled with.
BLANKS: Mapping[str, object] = {
    "limit": 1,
    "fields": "targetQuantity",
    "seconds": 600,
    "role": "OPERATOR",
    "id": "JOBS-1770624000828",
    "method": "PUT",
    "sku": "BOB-09",
    "count": 2,
    "names": "Casa Müller, Galpón 1",
    "reason": "…",
}
