"""A PostgreSQL of the bench's own, on a free port of the loopback, in a temporary folder."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """Debian's binaries with their own settings (fsync on), as a user without rights; gone when it is left."""

    def __enter__(self) -> Cluster:
        self.programs = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="nappage-bench-pg-"))
        self.owner = owner() if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
        if self.owner:
            shutil.chown(self.folder, self.owner)
        self.port = free_port()
        data = self.folder / "data"
        made = ["-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([self.programs / "initdb", "-D", data, *made], check=True, stdout=subprocess.DEVNULL,
                       user=self.owner, cwd="/")  # fmt: skip
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder, "max_connections": 100}
        self.process = subprocess.Popen(
            [self.programs / "postgres", "-D", data, "-p", str(self.port), *(f"--{k}={v}" for k, v in options.items())],
            stdout=subprocess.DEVNULL, stderr=(self.folder / "log").open("w"), user=self.owner, cwd="/",
        )  # fmt: skip
        for _ in range(300):
            if not subprocess.run([self.programs / "pg_isready", "-q", *self.at("postgres")]).returncode:
                return self
            time.sleep(0.1)
        raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)  # its fast shutdown
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def at(self, database: str) -> list[str]:
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", "bench", "-d", database]

    def url(self, database: str) -> str:
        return f"postgres://bench@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> None:
        self.sql(f"CREATE DATABASE {database}", "postgres")

    def sql(self, text: str, database: str) -> str:
        """Runs statements as psql reads them, rows of a COPY among them; returns what they say."""
        done = subprocess.run([self.programs / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *self.at(database)],
                              input=text, text=True, capture_output=True)  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"psql: {done.stderr[-2000:]}")
        return done.stdout


def owner() -> str:
    return next((user.pw_name for user in pwd.getpwall() if user.pw_name == "postgres"), "nobody")


def programs() -> Path:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    on_path = shutil.which("initdb")
    if not (found or on_path):
        raise RuntimeError("PostgreSQL is not installed: on Debian, apt-get install postgresql")
    return Path(found[-1]) if found else Path(str(on_path)).resolve().parent
