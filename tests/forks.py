"""Runs the commands in processes of their own, forked from one that has loaded what they load, so that the start is
paid for once. What is about the start itself is run as people do.

`python -m tests.forks FD` is that process; it ends with the other end of its socket."""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryFile

ROOT = Path(__file__).parents[1]
SECONDS = 120  # of one run, which is then ended by SIGALRM

# Nothing of Django's or of the app's that reads settings: those are of each run.
LOADED = """
    nappage.aftercare nappage.choice nappage.injection_map.documents nappage.injection_map.scan nappage.interview
    nappage.knowledge.site nappage.outcomes nappage.plan
    django.contrib.auth.hashers django.contrib.staticfiles.management.commands.collectstatic
    django.core.management.commands.check django.core.management.commands.createcachetable
    django.core.management.commands.migrate django.template.defaultfilters django.template.defaulttags
    fido2.server granian whitenoise.storage
"""


class Forks:
    """The loaded process, from the side of who asks it."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link

    def run(
        self, main: str, words: Sequence[str], said: bytes, cwd: Path, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """What becomes of `main` ("nappage.cli:main") with these words, when `said` stands on its standard input."""
        with TemporaryFile() as told, TemporaryFile() as out, TemporaryFile() as err:
            told.write(said)
            told.seek(0)
            asked = [main, *words], str(cwd), dict(environment)
            socket.send_fds(self._link, [json.dumps(asked).encode()], [told.fileno(), out.fileno(), err.fileno()])
            code = int(self._link.recv(16))
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(words, code, out.read().decode(), err.read().decode())


@contextmanager
def forks() -> Iterator[Forks]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "tests.forks", str(theirs.fileno())]
    with subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()]), ours:
        theirs.close()
        yield Forks(ours)


def _serve(link: socket.socket) -> None:
    while True:
        asked, files, *_ = socket.recv_fds(link, 2**20, 3)
        if not asked:
            return
        child = get_context("fork").Process(target=_run, args=(*json.loads(asked), files))
        child.start()
        for file in files:
            os.close(file)
        child.join()
        link.send(b"%d" % child.exitcode)


def _run(words: list[str], cwd: str, environment: dict[str, str], files: list[int]) -> None:
    for standard, file in enumerate(files):
        os.dup2(file, standard)
        os.close(file)
    sys.stdin = open(0)  # noqa: SIM115 - multiprocessing has closed it
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    signal.alarm(SECONDS)
    main, *sys.argv[1:] = words
    sys.exit(pkgutil.resolve_name(main)(words[1:]))


if __name__ == "__main__":
    for module in LOADED.split():
        importlib.import_module(module)
    importlib.import_module("nappage.knowledge").load(date.today())
    gc.freeze()  # a child that collects would copy all of it
    _serve(socket.socket(fileno=int(sys.argv[1])))
