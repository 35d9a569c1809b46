"""Where settings come from, and what is said of wrong ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from structura_local.__main__ import main
from structura_local.errors import StartError
from structura_local.settings import Settings, load


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a frontend."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.html").touch()
    return folder


def loaded(data_dir: Path, file: str = "", flags: dict[str, Any] | None = None, **environment: str) -> Settings:
    data_dir.mkdir(exist_ok=True)
    if file:
        (data_dir / "settings.toml").write_text(file, encoding="utf-8")
    return load({"data_dir": str(data_dir), **(flags or {})}, environment)


def test_defaults(tmp_path: Path) -> None:
    """Without any setting the server listens to the LAN on port 8000, for twelve hours a login, closed to strangers."""
    assert loaded(tmp_path / "data") == Settings(
        data_dir=tmp_path / "data", host="0.0.0.0", port=8000, frontend=None, cors_origins=(), kiosk_collections=None,
        token_hours=12.0, jwt_secret="", log_level="INFO",
    )  # fmt: skip


def test_precedence(tmp_path: Path) -> None:
    """A flag goes before the environment, that before the file, that before the default."""
    data = tmp_path / "data"
    assert loaded(data, "port = 1001").port == 1001
    assert loaded(data, "port = 1001", STRUCTURA_PORT="1002").port == 1002
    assert loaded(data, "port = 1001", {"port": 1003}, STRUCTURA_PORT="1002").port == 1003
    assert loaded(data, "port = 1001", {"port": 0}, STRUCTURA_PORT="1002").port == 0
    assert loaded(data, "port = 1001", {"port": None}, STRUCTURA_PORT="").port == 1001


def test_data_dir(tmp_path: Path) -> None:
    """The data folder is named by a flag, else by the environment; its settings file is the one that counts."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "settings.toml").write_text(f'host = "{name}"')
    environment = {"STRUCTURA_DATA_DIR": str(tmp_path / "one")}
    assert load({}, environment).host == "one"
    assert load({"data_dir": str(tmp_path / "two")}, environment).host == "two"
    assert load({"data_dir": str(tmp_path / "two")}, environment).data_dir == tmp_path / "two"


def test_every_setting(tmp_path: Path, site: Path) -> None:
    """Each setting can stand in the file and in the environment, with the same meaning."""
    expected = Settings(
        data_dir=tmp_path / "data", host="10.0.0.1", port=8080, frontend=site, cors_origins=("http://a", "http://b"),
        kiosk_collections=("jobs", "machines"), token_hours=1.5, jwt_secret="s3cret", log_level="DEBUG",
    )  # fmt: skip
    file = f"""
        host = "10.0.0.1"
        port = 8080
        frontend = '{site}'
        cors_origins = ["http://a", "http://b"]
        kiosk_collections = ["jobs", "machines"]
        token_hours = 1.5
        jwt_secret = "s3cret"
        log_level = "debug"
    """
    assert loaded(tmp_path / "data", file) == expected
    (tmp_path / "data" / "settings.toml").unlink()
    environment = {
        "HOST": "10.0.0.1", "PORT": "8080", "FRONTEND": str(site), "CORS_ORIGINS": "http://a, http://b",
        "KIOSK_COLLECTIONS": "jobs,machines", "TOKEN_HOURS": "1.5", "JWT_SECRET": "s3cret", "LOG_LEVEL": "debug",
    }  # fmt: skip
    assert loaded(tmp_path / "data", **{f"STRUCTURA_{name}": value for name, value in environment.items()}) == expected


def test_former_names(tmp_path: Path) -> None:
    """The names of the former backend are understood, after the new ones."""
    former = {"CORS_ORIGINS": "http://a", "JWT_EXPIRE_HOURS": "8", "JWT_SECRET": "old"}
    settings = loaded(tmp_path / "data", **former)
    assert (settings.cors_origins, settings.token_hours, settings.jwt_secret) == (("http://a",), 8.0, "old")
    assert loaded(tmp_path / "data", **former, STRUCTURA_JWT_SECRET="new").jwt_secret == "new"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("port", "eighty"), ("port", "70000"), ("port", "-1"), ("token_hours", "0"), ("token_hours", "nan"),
        ("token_hours", "long"), ("token_hours", "inf"), ("log_level", "LOUD"), ("frontend", "/no/such/folder"),
        ("kiosk_collections", "users"), ("kiosk_collections", "jobs,clients"), ("kiosk_collections", "messages"),
        ("kiosk_collections", "maquinas"),
    ],
)  # fmt: skip
def test_wrong_values(tmp_path: Path, name: str, wrong: str) -> None:
    """A wrong value is named with where it stands: file, variable or flag."""
    data = tmp_path / "data"
    with pytest.raises(StartError, match=f"STRUCTURA_{name.upper()}"):
        loaded(data, **{f"STRUCTURA_{name.upper()}": wrong})
    with pytest.raises(StartError, match=f"--{name.replace('_', '-')}"):
        loaded(data, flags={name: wrong})
    with pytest.raises(StartError, match=r"settings\.toml.*" + name):
        loaded(data, f'{name} = "{wrong}"')


PORTS = "is not a whole number between 0 and 65535"


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("port", '"80a"', f"80a {PORTS}"),
        ("port", "99999", f"99999 {PORTS}"),
        ("port", '""', f"'' {PORTS}"),
        ("port", "80.5", f"80.5 {PORTS}"),
        ("port", "true", f"True {PORTS}"),
        ("port", "[1]", f"[1] {PORTS}"),
        ("tls_port", f'"{"9" * 5000}"', PORTS),
        ("change_log_days", '"many"', "many is neither 0 nor a whole number between 90 and 36500"),
        ("token_hours", '"long"', "long is not a number above 0 and up to 8760"),
        ("cors_origins", "5", "it cannot be 5"),
        ("backup_copy", "5", "it cannot be 5"),
    ],
)
def test_what_is_allowed_is_said(tmp_path: Path, name: str, wrong: str, said: str) -> None:
    """Who wrote something else reads it, and what it can be, in words that are no programmer's."""
    with pytest.raises(StartError) as refused:
        loaded(tmp_path / "data", f"{name} = {wrong}")
    assert str(refused.value).endswith(said)
    assert str(refused.value).startswith(f"{tmp_path / 'data' / 'settings.toml'}:1: {name} is not valid: ")


@pytest.mark.parametrize("wrong", ["80a", "99999", ""])
def test_a_port_that_is_none(tmp_path: Path, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The flag says so as the file does."""
    assert main(["serve", "--data-dir", str(tmp_path), "--port", wrong]) == 1
    assert capsys.readouterr().err == f"structura-local: --port: port is not valid: {wrong or repr(wrong)} {PORTS}\n"


@pytest.mark.parametrize(
    "file",
    [
        "nonsense",
        'data_dir = "x"',
        "prot = 1",
        "[port]",
        "port = [1]",
        "cors_origins = [1]",
        "cors_origins = 5",
        "port = 1\nport = 2",
    ],
)
def test_wrong_file(tmp_path: Path, file: str) -> None:
    """A settings file that cannot be read or holds what nobody knows is refused by its name."""
    with pytest.raises(StartError, match=r"settings\.toml"):
        loaded(tmp_path / "data", file)


def test_file_in_no_encoding(tmp_path: Path) -> None:
    """So is one that is no UTF-8."""
    (tmp_path / "settings.toml").write_bytes(b'host = "\xff"')
    with pytest.raises(StartError, match=r"settings\.toml"):
        load({"data_dir": str(tmp_path)}, {})


def test_kiosks(tmp_path: Path, site: Path) -> None:
    """Lists are open without a token if they were named; machines if there is a frontend and nothing was said."""
    data = tmp_path / "data"
    assert loaded(data).kiosks == frozenset()
    assert loaded(data, flags={"frontend": str(site)}).kiosks == {"machines"}
    assert loaded(data, "kiosk_collections = []", {"frontend": str(site)}).kiosks == frozenset()
    assert loaded(data, flags={"frontend": str(site)}, STRUCTURA_KIOSK_COLLECTIONS="jobs").kiosks == {"jobs"}


def test_origins(tmp_path: Path) -> None:
    """Each setting that is no default says which flag, which variable, or which line of which file it is from."""
    data = tmp_path / "data"
    file = '# the plant\n\ntoken_hours = 8\n"log_level" = "DEBUG"\nport = 1001\n'
    found = loaded(data, file, {"port": 1003}, STRUCTURA_HOST="10.0.0.1", JWT_SECRET="x" * 32).origins
    assert found == {
        "data_dir": ("flag", "--data-dir"),
        "host": ("environment", "STRUCTURA_HOST"),
        "port": ("flag", "--port"),
        "jwt_secret": ("environment", "JWT_SECRET"),
        "token_hours": ("file", f"{data / 'settings.toml'}:3"),
        "log_level": ("file", f"{data / 'settings.toml'}:4"),
    }


@pytest.mark.parametrize(("line", "what"), [("port = 70000", "70000"), ("colour = 1", "unknown setting 'colour'")])
def test_wrong_lines_are_named(tmp_path: Path, line: str, what: str) -> None:
    """What is wrong in the file is named with its line."""
    with pytest.raises(StartError, match=rf"settings\.toml:3: .*{what}"):
        loaded(tmp_path / "data", f'# the plant\nhost = "::"\n{line}\n')


@pytest.mark.parametrize("said", [True, "true", "True"])
def test_flags(tmp_path: Path, said: Any) -> None:
    """A setting that is on or off says true or false, in the file or in the environment; all else is refused."""
    data = tmp_path / "data"
    written = f"require_paired_terminals = {json.dumps(said)}"
    assert loaded(data, written).require_paired_terminals is True
    assert loaded(data, written, STRUCTURA_REQUIRE_PAIRED_TERMINALS="false").require_paired_terminals is False
    for wrong in ("1", '"yes"', '"on"'):
        with pytest.raises(StartError, match="require_paired_terminals"):
            loaded(data, f"require_paired_terminals = {wrong}")
