"""What the plant's former backend was, as good as that design gets: FastAPI, synchronous SQLAlchemy sessions, one a
request, SQLite with WAL and synchronous=FULL. It has a token check and a change log, no rules, no sync, no ETags.

    python former.py fill PLANT.db FORMER.db     copy a plant's machines, jobs, events and users
    python former.py serve FORMER.db             print a line with its address and a token, then serve
"""

import json
import socket
import sqlite3
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Engine, create_engine, event, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

SECRET = "of the benchmark's former server, 32"


class Base(DeclarativeBase):
    pass


class Machine(Base):
    __tablename__ = "machines"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    type: Mapped[str | None]
    status: Mapped[str | None]
    category: Mapped[str | None]
    color: Mapped[str | None]


class Job(Base):
    __tablename__ = "jobs"
    id: Mapped[str] = mapped_column(primary_key=True)
    projectId: Mapped[str] = mapped_column(index=True)
    machineType: Mapped[str]
    assignedMachineId: Mapped[str | None]
    productName: Mapped[str]
    targetQuantity: Mapped[float]
    completedQuantity: Mapped[float | None]
    unit: Mapped[str]
    status: Mapped[str] = mapped_column(index=True)
    priorityIndex: Mapped[int | None]
    operatorNotes: Mapped[str | None]


class ProductionEvent(Base):
    __tablename__ = "events"
    id: Mapped[str] = mapped_column(primary_key=True)
    machineId: Mapped[str]
    type: Mapped[str]
    description: Mapped[str]
    severity: Mapped[str]
    timestamp: Mapped[str] = mapped_column(index=True)


class Change(Base):
    __tablename__ = "change_log"
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[str]
    collection: Mapped[str]
    row_id: Mapped[str]
    fields: Mapped[str]


class User(Base):
    __tablename__ = "users"
    id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class MachineOut(Shown):
    id: str
    name: str
    type: str | None
    status: str | None
    category: str | None
    color: str | None


class JobOut(Shown):
    id: str
    projectId: str
    machineType: str
    assignedMachineId: str | None
    productName: str
    targetQuantity: float
    completedQuantity: float | None
    unit: str
    status: str
    priorityIndex: int | None
    operatorNotes: str | None


class EventIn(BaseModel):
    machineId: str
    type: str
    description: str
    severity: str


class EventOut(Shown):
    id: str
    machineId: str
    type: str
    description: str
    severity: str
    timestamp: str


class JobPatch(BaseModel):
    status: str | None = None
    completedQuantity: float | None = None
    operatorNotes: str | None = None


TABLES = (Machine, Job, ProductionEvent, User)


def engine(path: str) -> Engine:
    """SQLAlchemy's engine on a file, tuned as the server's own database is."""
    # As many as may ask: whoever waits for a connection keeps a thread from those who have one.
    made = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False}, pool_size=200)

    @event.listens_for(made, "connect")
    def tune(connection: Any, _: Any) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 10000", "cache_size = -16384"):
            connection.execute(f"PRAGMA {pragma}")

    return made


def fill(plant: str, path: str) -> None:
    """Copy a plant's rows."""
    made = engine(path)
    Base.metadata.create_all(made)
    source = sqlite3.connect(f"file:{plant}?mode=ro", uri=True)
    with made.begin() as connection:
        for table in TABLES:
            names = [column.name for column in table.__table__.columns]
            columns = ", ".join(f'"{_snake(name)}"' for name in names)
            rows = source.execute(f"SELECT {columns} FROM {table.__tablename__} WHERE _life % 2 = 1")
            while some := rows.fetchmany(5_000):
                connection.execute(table.__table__.insert(), [dict(zip(names, row, strict=True)) for row in some])


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def application(path: str) -> FastAPI:
    """The server."""
    make_session = sessionmaker(engine(path), expire_on_commit=False)
    app = FastAPI()

    def session() -> Iterator[Session]:
        with make_session() as opened:
            yield opened

    Db = Annotated[Session, Depends(session)]

    def user(request: Request, db: Db) -> User:
        try:
            claims = jwt.decode(request.headers.get("Authorization", "")[7:], SECRET, ["HS256"])
        except jwt.InvalidTokenError:
            raise HTTPException(401) from None
        found = db.get(User, claims["sub"])
        if found is None:
            raise HTTPException(401)
        return found

    Who = Annotated[User, Depends(user)]

    @app.get("/api/machines")
    def machines(db: Db, who: Who) -> list[MachineOut]:
        return db.scalars(select(Machine)).all()  # type: ignore[return-value]

    @app.get("/api/events")
    def events(db: Db, who: Who) -> list[EventOut]:
        return db.scalars(select(ProductionEvent).order_by(ProductionEvent.timestamp.desc()).limit(500)).all()  # type: ignore[return-value]

    @app.post("/api/events", status_code=201)
    def add_event(body: EventIn, db: Db, who: Who) -> EventOut:
        made = ProductionEvent(id=f"EV-{uuid.uuid4()}", timestamp=datetime.now(UTC).isoformat(), **body.model_dump())
        db.add(made)
        db.add(_change("events", made.id, body.model_dump()))
        db.commit()
        return made  # type: ignore[return-value]

    @app.get("/api/jobs")
    def jobs(db: Db, who: Who, response: Response, status: str, limit: int = 50, offset: int = 0) -> list[JobOut]:
        wanted = select(Job).where(Job.status == status)
        response.headers["X-Total-Count"] = str(db.scalar(select(func.count()).select_from(wanted.subquery())))
        return db.scalars(wanted.order_by(Job.id).limit(limit).offset(offset)).all()  # type: ignore[return-value]

    @app.get("/api/jobs/{job_id}")
    def job(job_id: str, db: Db, who: Who) -> JobOut:
        found = db.get(Job, job_id)
        if found is None:
            raise HTTPException(404)
        return found  # type: ignore[return-value]

    @app.patch("/api/jobs/{job_id}")
    def change_job(job_id: str, body: JobPatch, db: Db, who: Who) -> JobOut:
        found = db.get(Job, job_id)
        if found is None:
            raise HTTPException(404)
        said = body.model_dump(exclude_unset=True)
        for name, value in said.items():
            setattr(found, name, value)
        db.add(_change("jobs", job_id, said))
        db.commit()
        return found  # type: ignore[return-value]

    return app


def _change(collection: str, row_id: str, fields: dict[str, Any]) -> Change:
    return Change(at=datetime.now(UTC).isoformat(), collection=collection, row_id=row_id, fields=json.dumps(fields))


def serve(path: str) -> None:
    """Serve on a free port."""
    with sqlite3.connect(path) as database:
        (someone,) = database.execute("SELECT id FROM users LIMIT 1").fetchone()
    token = jwt.encode({"sub": someone, "exp": int(time.time()) + 86_400}, SECRET, "HS256")
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    print(f"former serves http://127.0.0.1:{listening.getsockname()[1]} {token}", flush=True)
    config = uvicorn.Config(application(path), log_level="warning", loop="uvloop", http="httptools")
    uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    {"fill": fill, "serve": serve}[sys.argv[1]](*sys.argv[2:])
