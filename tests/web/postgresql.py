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
from typing import Any

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
        run_as: str | None = owner
    else:
        run_as = None
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=200"
    made = ["-U", "nappage", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
    for command in (
        [f"{programs}/initdb", "-D", folder, *made],
        [f"{programs}/pg_ctl", "-D", folder, "-o", options, "-w", "-l", folder / "log", "start"],
    ):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **_as(run_as))
    if "PYTEST_XDIST_WORKER" not in os.environ:
        atexit.register(stop, folder, run_as, programs)


def _as(owner: str | None) -> dict[str, Any]:
    """Whom a program runs as."""
    return {} if owner is None else {"user": owner, "group": pwd.getpwnam(owner).pw_gid, "extra_groups": []}


def stop(folder: Path, owner: str | None, programs: str) -> None:
    command = [f"{programs}/pg_ctl", "-D", folder, "-m", "immediate", "stop"]
    subprocess.run(command, stdout=subprocess.DEVNULL, cwd="/", **_as(owner))


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
