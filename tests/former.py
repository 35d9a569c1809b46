"""The former backend's database, made for tests as that backend made it: `structura.db`."""

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE machines (
    id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR NOT NULL, type VARCHAR NOT NULL, category VARCHAR, brand VARCHAR,
    status VARCHAR, current_job_id VARCHAR, operator_ids JSON, efficiency FLOAT, oee_availability FLOAT,
    oee_performance FLOAT, oee_quality FLOAT, temperature FLOAT, last_maintenance VARCHAR, maintenance_reason VARCHAR,
    is_active BOOLEAN, color VARCHAR, total_meters_produced FLOAT, next_maintenance_meters FLOAT);
CREATE TABLE jobs (
    id VARCHAR NOT NULL PRIMARY KEY, project_id VARCHAR NOT NULL, product_name VARCHAR, machine_type VARCHAR,
    assigned_machine_id VARCHAR, operator_ids JSON, target_quantity FLOAT, completed_quantity FLOAT,
    scrap_quantity FLOAT, unit VARCHAR, status VARCHAR, start_date VARCHAR, end_date VARCHAR, priority_index INTEGER,
    file_url VARCHAR, notes TEXT, operator_notes TEXT, requires_panelizado BOOLEAN, linked_job_id VARCHAR,
    workflow_stages JSON, current_coil_id VARCHAR, is_stock BOOLEAN, tonnage FLOAT, completed_at VARCHAR);
CREATE TABLE projects (
    id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR, client_id VARCHAR, deadline VARCHAR, status VARCHAR,
    description TEXT, budget FLOAT);
CREATE TABLE users (
    id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR, role VARCHAR, pin VARCHAR, avatar VARCHAR,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE clients (
    id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR, contact_person VARCHAR, email VARCHAR, phone VARCHAR,
    address VARCHAR, tax_id VARCHAR);
CREATE TABLE inventory (
    id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR, sku VARCHAR, quantity FLOAT, unit VARCHAR, min_threshold FLOAT,
    location VARCHAR, is_manufactured BOOLEAN);
CREATE TABLE alerts (
    id VARCHAR NOT NULL PRIMARY KEY, type VARCHAR, message TEXT, severity VARCHAR, timestamp VARCHAR,
    related_id VARCHAR);
CREATE TABLE messages (
    id VARCHAR NOT NULL PRIMARY KEY, "from" VARCHAR, "to" VARCHAR, content TEXT, timestamp VARCHAR, is_read BOOLEAN);
CREATE TABLE events (
    id VARCHAR NOT NULL PRIMARY KEY, machine_id VARCHAR, type VARCHAR, description TEXT, severity VARCHAR,
    timestamp VARCHAR);
CREATE TABLE project_accessories (
    id VARCHAR NOT NULL PRIMARY KEY, project_id VARCHAR, inventory_item_id VARCHAR, quantity_required FLOAT,
    quantity_allocated FLOAT, is_fulfilled BOOLEAN);
CREATE INDEX ix_jobs_project_id ON jobs (project_id);
"""


def snake(name: str) -> str:
    """The column of a field: targetQuantity → target_quantity."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def connect(path: Path) -> sqlite3.Connection:
    """The database as the former backend had it open, its schema made."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(SCHEMA)
    return connection


def fill(connection: sqlite3.Connection, file: dict[str, list[dict[str, Any]]]) -> None:
    """Put an export's rows into the tables; lists as JSON text, booleans as 0 and 1."""
    connection.execute("BEGIN")
    for key, rows in file.items():
        for row in rows:
            columns = ", ".join(f'"{snake(name)}"' for name in row)
            values = [json.dumps(value) if isinstance(value, list) else value for value in row.values()]
            marks = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO {snake(key)} ({columns}) VALUES ({marks})", values)
    connection.execute("COMMIT")


def make(path: Path, file: dict[str, list[dict[str, Any]]], *, script: str = "") -> Path:
    """A closed database with the rows of an export; `script` is run at the end."""
    with contextlib.closing(connect(path)) as connection:
        fill(connection, file)
        connection.executescript(script)
    return path
