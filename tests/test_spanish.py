"""Whatever can be said of a field is said in Spanish too."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from structura_local import carry_spanish, exchange_spanish, schemas
from structura_local.errors import AppError
from structura_local.schemas import checked
from structura_local.settings import Settings
from structura_local.spanish import SENTENCES, spanish
from structura_local.web.openapi.operation import operation_of
from structura_local.web.routes import routes
from sync.carry import stick
from sync.central import errors
from tests.plant import Api, Clock, Serve
from tests.web.contract import minimal

ROOT = Path(__file__).parent.parent / "structura_local"
RAISERS = [
    "schemas.py",
    "settings.py",
    *(str(f.relative_to(ROOT)) for p in ("operations", "web") for f in (ROOT / p).glob("*.py")),
]
OPERATIONS = filter(None, (operation_of(route.handler) for route in routes(Settings(data_dir=Path()))))
MODELS = [o.takes for o in OPERATIONS if isinstance(o.takes, type)]


def test_all_bodies_are_tried() -> None:
    """Every model by which a body is read is among those tried here."""
    assert len(MODELS) > 20


def template(node: ast.expr) -> str | None:
    """A literal sentence, with `x` for what changes."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "x" for p in node.values)
    return None


def said_of_fields(file: Path) -> Iterator[str]:
    """The sentences in a module's ValueErrors and in its `"msg"`."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        found: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ValueError":
            found = node.args[:1]
        elif isinstance(node, ast.Dict):
            keys = [getattr(key, "value", None) for key in node.keys]
            found = [v for k, v in zip(keys, node.values, strict=True) if k == "msg"]
        yield from filter(None, map(template, found))


def test_every_sentence_is_translated() -> None:
    """No module says of a field what spanish.py does not have."""
    said = {sentence for name in RAISERS for sentence in said_of_fields(ROOT / name)}
    said |= {re.sub(r"{\w+}", "x", s) for s in (*schemas._SENTENCES.values(), *schemas._PATTERNS.values())} - {"x"}
    assert len(said) > 20
    assert {sentence for sentence in said if spanish(sentence) is None} == set()
    assert all(translation != english for english, translation in SENTENCES.items())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["••••", "x" * 70_000, "\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["add", "remove", "name"]), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
@tried(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_every_fault_is_known(kind: type[BaseModel], data: st.DataObject) -> None:
    """Whatever a body holds, what is found wrong with it has a sentence of its own in both languages."""
    names = st.sampled_from([*kind.model_fields, "nope"])
    value: Any = data.draw(JSON | st.dictionaries(names, JSON, max_size=4))
    with suppress(AppError):
        checked(kind, value)
        return
    with pytest.raises(ValidationError) as found:
        kind.model_validate(value)
    mismatches = [fault for fault in found.value.errors() if fault["type"] == "string_pattern_mismatch"]
    assert {fault["ctx"]["pattern"] for fault in mismatches} <= schemas._PATTERNS.keys()
    assert {fault["type"] for fault in found.value.errors() if fault not in mismatches} <= schemas._SENTENCES.keys()
    with pytest.raises(AppError) as raised:
        checked(kind, value)
    assert all(spanish(fault["msg"]) for fault in raised.value.errors), orjson.dumps(raised.value.errors)


async def test_it_follows_accept_language(api: Api) -> None:
    """Each fault is told in the language of the whole."""
    body = {**minimal("machines"), "efficiency": 101, "status": "ROTA", "nope": 1, "name": ""}
    for language, expected in (
        ("en", {"must be at most 100", "must be one of RUNNING, IDLE, MAINTENANCE, ERROR, OFFLINE", "is not known",
                "must not be empty"}),
        ("es", {"debe ser como máximo 100", "debe ser uno de RUNNING, IDLE, MAINTENANCE, ERROR, OFFLINE",
                "no se conoce", "no puede estar vacío"}),
    ):  # fmt: skip
        answer = await api.post("/api/machines", body, Accept_Language=language)
        assert {fault["msg"] for fault in answer.json["errors"]} == expected
    answer = await api.get("/api/machines?limit=0&nope=1", Accept_Language="es")
    assert {fault["msg"] for fault in answer.json["errors"]} <= {"desconocido", "debe ser un número entero de 1 a 1000"}


def test_every_failure_of_an_exchange_is_known() -> None:
    """What the worker may say of head office has a sentence in Spanish; what stands behind it stays."""
    source = (ROOT.parent / "sync/central/errors.py").read_text(encoding="utf-8")
    returned = {s for s in strings_of(source) if s.endswith(".") and s[0].isupper()}
    said = returned | {*errors.SENTENCES.values(), *errors.CERTIFICATES.values()} - {""}
    assert len(said) > 25
    assert {sentence for sentence in said if exchange_spanish.spanish(sentence) == sentence} == set()
    assert (
        exchange_spanish.spanish("Head office did not answer in time. (x)") == "La central no respondió a tiempo. (x)"
    )
    assert exchange_spanish.spanish("Otherwise.") == "Otherwise."


def test_every_refusal_of_a_carried_file_is_known() -> None:
    """What a plant may say of a file from head office has a sentence in Spanish."""
    said = set()
    for path in ("sync/carry/plant.py", "sync/carry/stick.py", "structura_local/operations/carry.py"):
        for node in ast.walk(ast.parse((ROOT.parent / path).read_bytes())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("Refused"):
                choices = [node.args[0].body, node.args[0].orelse] if isinstance(node.args[0], ast.IfExp) else node.args
                said |= {stick.ALTERED if isinstance(one, ast.Name) else template(one) or "" for one in choices}
    said.discard("This file speaks protocol x, this program x: x wants an upgrade.")
    said |= {f"This file speaks protocol 1, this program 2: {older} wants an upgrade."
             for older in ("the program here", "the program that made it")}  # fmt: skip
    assert len(said) > 12
    assert {sentence for sentence in said if carry_spanish.spanish(sentence) is None} == set()


async def test_backups_and_clock_are_told_in_spanish(serve: Serve, now: Clock) -> None:
    """Those of a status; a backup that is damaged says how."""
    async with serve() as api:
        status = (await api.get("/api/system/status", Accept_Language="es")).json
        assert status["backups"]["detail"].startswith("Todavía no hay copias")
        assert status["clock"]["detail"] == "Nada indica que el reloj de esta PC esté mal."
        made = (await api.post("/api/system/backups")).json
        file = api.folder.backups / f"{made['id']}.db"
        file.chmod(0o600)
        file.write_bytes(file.read_bytes()[:-1] + b"x")
        refused = await api.post(f"/api/system/backups/{made['id']}/restore", Accept_Language="es")
        assert refused.json["detail"].endswith("no se puede usar: sus bytes no son los que se escribieron.")
        await api.made("/api/machines", minimal("machines"))
        now.move(hours=-1)
        said = (await api.get("/api/system/status", Accept_Language="es")).json["clock"]["detail"]
        assert said.startswith("El reloj de esta PC está atrás de lo que ella misma escribió")


def strings_of(source: str) -> set[str]:
    """The whole string literals that a module returns or names, docstrings excepted."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Return | ast.Assign) and isinstance(node.value, ast.Constant):
            found.add(str(node.value.value))
    return found
