"""Makes what a plant installs of the folder that build.py made: a tar; a .deb where dpkg-deb is; a setup on Windows.

    python packaging/packages.py dist/structura-local

All are put beside the folder, with SHA256SUMS. The setup needs NSIS.
"""

import gzip
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "structura-local"
WINDOWS = sys.platform == "win32"
DEBIAN = ROOT / "packaging" / "debian"
SETUP = ROOT / "packaging" / "windows" / "setup.nsi"
SCRIPTS = ("postinst", "prerm", "postrm")


def main() -> None:
    """Make the packages of a folder, and say which."""
    program = Path(sys.argv[1]).resolve()
    version = version_of(program)
    made = [tar(program, version)]
    if shutil.which("dpkg-deb"):
        made.append(deb(program, version))
    if WINDOWS:
        made.append(setup(program, version, program.parent / f"{NAME}-{version}-setup.exe"))
    sums = "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in made)
    (program.parent / "SHA256SUMS").write_text(sums, encoding="ascii", newline="\n")
    for file in made:
        print(f"  {file.name}: {file.stat().st_size / 1e6:.0f} MB")


def version_of(program: Path) -> str:
    """What the program says it is."""
    path = program / (f"{NAME}.exe" if WINDOWS else NAME)
    said = subprocess.run([path, "version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    return said.split()[1]


def tar(program: Path, version: str) -> Path:
    """The folder as one file, with rights that let any account run it and root alone change it."""
    out = program.parent / f"{NAME}-{version}-{sys.platform}-{platform.machine().lower()}.tar.gz"
    with tarfile.open(out, "w:gz", compresslevel=6) as archive:
        archive.add(program, NAME, filter=as_roots)
    return out


def as_roots(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Root's, and readable for all, whoever built it under whichever umask."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry


def deb(program: Path, version: str) -> Path:
    """A Debian package: program, unit, and scripts that make the account and ask before data goes."""
    architecture = said("dpkg", "--print-architecture")
    out = program.parent / f"{NAME}_{version}_{architecture}.deb"
    with tempfile.TemporaryDirectory(prefix=f"{NAME}-deb-") as temporary:
        root = Path(temporary)
        root.chmod(0o755)
        library = root / "usr" / "lib" / NAME
        shutil.copytree(program, library, symlinks=True)
        (root / "usr" / "bin").mkdir()
        (root / "usr" / "bin" / NAME).symlink_to(f"../lib/{NAME}/{NAME}")
        unit = (ROOT / "structura_local" / "data" / f"{NAME}.service").read_text(encoding="utf-8")
        write(root / "lib" / "systemd" / "system" / f"{NAME}.service", unit.replace("@PROGRAM@", f"/usr/bin/{NAME}"))
        documents = root / "usr" / "share" / "doc" / NAME
        write(documents / "README.md", (ROOT / "README.md").read_text(encoding="utf-8"))
        changes = (ROOT / "CHANGELOG.md").read_bytes()
        (documents / "changelog.gz").write_bytes(gzip.compress(changes, mtime=0))
        control(root, version, architecture)
        for path in root.rglob("*"):
            if not path.is_symlink():
                executable = path.is_dir() or path == library / NAME or path.name in SCRIPTS
                path.chmod(0o755 if executable else 0o644)
        command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z3", "--build", str(root), str(out)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return out


def control(root: Path, version: str, architecture: str) -> None:
    """The package's own files: what it is and needs, its scripts, and the sums that `dpkg --verify` compares."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    text = (DEBIAN / "control").read_text(encoding="utf-8")
    filled = text.format(
        version=version,
        architecture=architecture,
        size=sum(file.stat().st_size for file in files) // 1024,
        libc=platform.libc_ver()[1],
    )
    write(root / "DEBIAN" / "control", filled)
    sums = [f"{hashlib.md5(file.read_bytes()).hexdigest()}  {file.relative_to(root)}\n" for file in files]  # noqa: S324
    write(root / "DEBIAN" / "md5sums", "".join(sums))
    for name in (*SCRIPTS, "templates"):
        write(root / "DEBIAN" / name, (DEBIAN / name).read_text(encoding="utf-8"))


def setup(program: Path, version: str, out: Path) -> Path:
    """The installer for Windows, by NSIS."""
    makensis = next(found_makensis(), None)
    if makensis is None:
        raise SystemExit("NSIS is not installed; its makensis makes the installer.")
    flag = "/" if WINDOWS else "-"
    defined = {"VERSION": version, "PROGRAM": program, "OUT": out}
    arguments = [f"{flag}D{name}={value}" for name, value in defined.items()]
    subprocess.run([makensis, f"{flag}V2", f"{flag}WX", *arguments, str(SETUP)], check=True)  # noqa: S603
    return out


def found_makensis() -> Iterator[str]:
    """Where NSIS is; its installer does not put it on the path."""
    if on_path := shutil.which("makensis"):
        yield on_path
    for folder in ("ProgramFiles(x86)", "ProgramFiles"):
        path = Path(os.environ.get(folder, "")) / "NSIS" / "makensis.exe"
        if path.is_file():
            yield str(path)


def said(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


def write(path: Path, text: str) -> None:
    """Write a file of the package; scripts and units have Unix line ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
