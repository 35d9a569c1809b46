"""The support bundle: what helps is in it, what opens a door or names a person is not."""

import asyncio
import json
import subprocess
import sys
import zipfile
from pathlib import Path

from structura_local.folder import Folder
from sync.central import office
from tests.plant import PEOPLE, PIN, Serve

CLIENT = {
    "name": 'Aceros "El Ñandú"',
    "email": "compras@nandu.example",
    "phone": "+598 99 123 456",
    "address": "Camino Maldonado 5555",
    "taxId": "217654320018",
    "contactPerson": "Graciela",
}


def bundle(data_dir: Path, out: Path) -> dict[str, str]:
    """The files of a bundle that the command writes."""
    command = [sys.executable, "-m", "structura_local", "support-bundle", str(out), "--data-dir", str(data_dir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(out) as written:
        return {name: written.read(name).decode() for name in written.namelist()}


async def test_nothing_secret_is_in_it(serve: Serve, data_dir: Path, tmp_path: Path, central_dsn: str) -> None:
    """Every secret and every client is put where it might get out from: the log, the settings, the database."""
    connected = await office.enroll(central_dsn, "norte", "Planta Norte")
    folder = Folder(data_dir)
    folder.keep_bundle(connected)
    password = connected["dsn"].partition("://")[2].partition("@")[0].partition(":")[2]
    (data_dir / "settings.toml").write_text(
        'jwt_secret = "an-own-secret-of-this-plant-which-is-long"\nlog_format = "json"\n'
    )
    async with serve(jwt_secret="an-own-secret-of-this-plant-which-is-long") as api:
        token = await api.token(PIN["ADMIN"])
        await api.made("/api/clients", CLIENT, token)
        announced = folder.running()
        assert announced is not None
        secrets = {
            "password": password,
            "carry": connected["carry"],
            "token secret": "an-own-secret-of-this-plant-which-is-long",
            "own token secret": folder.token_secret(),
            "token": token,
            "setup link": "FzFtTQ83ko1j0wuFScnaRVvx0M2AAvO79xKpRCWJhGc",
            "local token": announced["token"],
            **{f"key {name}": key for name, key in folder.pin_keys().items()},
            **{f"PIN {who}": f'"pin": "{pin}"' for who, pin in PIN.items()},
        }
        private = {**CLIENT, **{f"name {who}": person["name"] for who, person in PEOPLE.items()}}
        (data_dir / "logs").mkdir()
        log = data_dir / "logs" / "structura-local.log"
        said = "".join(f"2026 ERROR {name}: {value} failed\n" for name, value in (secrets | private).items())
        log.write_text(said.replace("setup link: ", "open http://localhost/setup#"))
        written = await asyncio.to_thread(bundle, data_dir, tmp_path / "running.zip")
        assert json.loads(written["status.json"])["version"]
    stopped = await asyncio.to_thread(bundle, data_dir, tmp_path / "stopped.zip")
    for files in (written, stopped):
        assert files.keys() >= {"doctor.json", "settings.json", "status.json", "versions.json", "counts.json"}
        everything = "\n".join(files.values())
        leaked = [name for name, value in (secrets | private).items() if value in everything]
        leaked += [name for name, value in private.items() if json.dumps(value)[1:-1] in everything]
        leaked += [pin for pin in PIN.values() if pin in everything]
        assert leaked == []
        assert "$2b$" not in everything
        assert json.loads(files["counts.json"])["clients"] == 1
        assert "password: ••• failed" in files["logs/structura-local.log"]
        assert any(finding["check"] == "database" for finding in json.loads(files["doctor.json"]))
        assert any(setting["name"] == "jwt_secret" for setting in json.loads(files["settings.json"]))


def test_a_bundle_of_a_damaged_plant(data_dir: Path, tmp_path: Path) -> None:
    """It is written all the same, and says what is damaged."""
    (data_dir / "structura.db").write_bytes(b"no such thing")
    found = bundle(data_dir, tmp_path / "out.zip")
    assert any(f["check"] == "database" and f["state"] == "failed" for f in json.loads(found["doctor.json"]))


def test_it_cannot_be_written(data_dir: Path, tmp_path: Path) -> None:
    """A sentence, no traceback."""
    command = [sys.executable, "-m", "structura_local", "support-bundle", str(tmp_path / "no" / "x.zip")]
    done = subprocess.run([*command, "--data-dir", data_dir], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("structura-local: ")
    assert done.stderr.count("\n") == 1
