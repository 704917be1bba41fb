"""A PostgreSQL of the test run's own, from Debian's binaries, on a socket in a temporary folder. It is started once for
all workers and ended when the run that started it ends."""

from __future__ import annotations

import atexit
import fcntl
import glob
import os
import pwd
import shutil
import subprocess
from pathlib import Path

HOME = Path(os.environ["NAPPAGE_TEST_HOME"])


def url(worker: str) -> str:
    """The address of the running cluster; starts it where none runs."""
    HOME.chmod(0o755)
    folder = HOME / "postgresql"
    with open(HOME / "postgresql.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "postmaster.pid").exists():
            _start(folder)
    return f"postgres://nappage@/{worker}?host={folder}"


def _start(folder: Path) -> None:
    programs = _programs()
    folder.mkdir()
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        owner = next((name for name in ("postgres", "nobody") if _exists(name)), "nobody")
        shutil.chown(folder, owner)
        prefix = ["runuser", "-u", owner, "--"]
    else:
        prefix = []
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=200"
    made = ["-U", "nappage", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
    for command in (
        [f"{programs}/initdb", "-D", folder, *made],
        [f"{programs}/pg_ctl", "-D", folder, "-o", options, "-w", "-l", folder / "log", "start"],
    ):
        subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        atexit.register(stop, folder, prefix, programs)


def stop(folder: Path, prefix: list[str], programs: str) -> None:
    command = [*prefix, f"{programs}/pg_ctl", "-D", folder, "-m", "immediate", "stop"]
    subprocess.run(command, stdout=subprocess.DEVNULL, cwd="/")


def _programs() -> str:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    on_path = shutil.which("initdb")
    if on_path:
        return str(Path(on_path).resolve().parent)
    if not found:
        raise RuntimeError("PostgreSQL is not installed: on Debian, apt-get install postgresql. The tests need it.")
    return found[-1]


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
