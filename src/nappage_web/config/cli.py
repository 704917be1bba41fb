"""`nappage-web`: serves a clinic, keeps it safe, and shows a demo."""

from __future__ import annotations

import argparse
import getpass
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nappage.values import InputError


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 something is wrong and was said, 2 the command was not understood."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nappage_web.config.settings")
    if arguments[:1] == ["django"]:  # for developers: makemigrations, shell …
        from django.core.management import execute_from_command_line

        execute_from_command_line(["nappage-web django", *arguments[1:]])
        return 0
    parsed = _parser().parse_args(arguments)
    try:
        if parsed.run is _demo:
            os.environ.setdefault("NAPPAGE_HOME", str(Path("var/demo").resolve()))
            os.environ["NAPPAGE_DEMO"] = os.environ["NAPPAGE_PLAIN_HTTP"] = "1"
        import django

        django.setup()
        return int(parsed.run(parsed))
    except InputError as error:
        print(f"{error.place}: {error.wrong}. {error.remedy}", file=sys.stderr)
    except Exception as error:  # what went wrong outside of us, in a sentence
        if os.environ.get("NAPPAGE_DEBUG"):
            raise
        print(f"nappage-web: {str(error).strip() or type(error).__name__}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nappage-web", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    def verb(name: str, run: object, words: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=words, description=words)
        made.set_defaults(run=run)
        return made

    for name, run, words in (
        ("serve", _serve, "serve the clinic"),
        ("demo", _demo, "serve a clinic with invented patients, at localhost only"),
    ):
        made = verb(name, run, words)
        if name == "serve":
            made.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
        made.add_argument("--port", type=int, default=8000, help="port (default: 8000)")
        made.add_argument("--workers", type=int, default=1, help="processes, with 4 threads each (default: 1)")
    backup = verb("backup", _backup, "write the database and the secrets to one file, while the clinic works on")
    backup.add_argument("file", type=Path)
    restore = verb("restore", _restore, "bring a backup back, into an empty NAPPAGE_HOME")
    restore.add_argument("file", type=Path)
    check = verb("check", _check, "look for what is wrong with settings, database and tables")
    check.add_argument("--audit", action="store_true", help="walk the audit chain too")
    check.add_argument("--head", help="the hash of a link noted earlier; it must still be in the chain")
    create = verb("createclinic", _createclinic, "make an organisation, a clinic and its lead")
    for flag, words in (
        ("--organisation", "its name"),
        ("--clinic", "the clinic's name"),
        ("--jurisdiction", "such as FR, GB-ENG, AU"),
        ("--language", "en or fr"),
        ("--time-zone", "such as Europe/Paris"),
        ("--name", "the lead's name"),
        ("--email", "the lead's e-mail, to sign in with"),
    ):
        create.add_argument(flag, help=words)
    create.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    return parser


def prepare() -> None:
    """Tables, cache and static files as this version needs them."""
    from django.conf import settings
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    if not settings.DEBUG:
        call_command("collectstatic", verbosity=0, interactive=False)


def _serve(args: argparse.Namespace) -> int:
    prepare()
    return _granian(args.host, args.port, args.workers)


def _demo(args: argparse.Namespace) -> int:
    from nappage_web import demo

    prepare()
    print("\n".join(demo.fill()), flush=True)
    print(f"\n  http://localhost:{args.port}\n", flush=True)
    return _granian("127.0.0.1", args.port, args.workers)


def _granian(host: str, port: int, workers: int) -> int:
    """WSGI on threads; never ASGI, which makes synchronous views several times slower."""
    from django.db import connections
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    connections.close_all()  # the workers open their own
    Granian(
        "nappage_web.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=4,
        log_level=LogLevels.warning,
    ).serve()
    return 0


def _backup(args: argparse.Namespace) -> int:
    """One file: the database as it stood at one moment, and the secret key. SQLite's own copy in one step: in several
    it starts again at every write."""
    from django.conf import settings
    from django.db import connection

    if args.file.exists():
        raise InputError(str(args.file), "there is a file of that name", "Choose another name")
    with tempfile.TemporaryDirectory(dir=args.file.parent if args.file.parent.is_dir() else None) as folder:
        copy = Path(folder) / "database"
        if connection.vendor == "sqlite":
            connection.ensure_connection()
            import sqlite3

            target = sqlite3.connect(copy)
            connection.connection.backup(target)
            target.close()
        else:
            _pg("pg_dump", "--format=custom", f"--file={copy}")
        part = args.file.with_name(f".{args.file.name}.part")
        with tarfile.open(part, "w:gz") as tar:
            tar.add(copy, "database")
            tar.add(settings.HOME / "secret-key", "secret-key")
        part.chmod(0o600)
        os.replace(part, args.file)
    print(f"{args.file}: {args.file.stat().st_size:,} bytes. It holds patients' data and the key: keep it locked away.")
    return 0


def _restore(args: argparse.Namespace) -> int:
    from django.conf import settings
    from django.db import connection

    if not args.file.is_file():
        raise InputError(str(args.file), "there is no such file", "Name a file that `nappage-web backup` wrote")
    name = Path(str(settings.DATABASES["default"]["NAME"]))
    if connection.vendor == "sqlite" and name.exists():
        raise InputError(str(name), "a database is here already", "Set NAPPAGE_HOME to an empty folder")
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(args.file) as tar:
                tar.extractall(folder, members=[tar.getmember("database"), tar.getmember("secret-key")], filter="data")
        except (tarfile.TarError, KeyError, OSError):
            raise InputError(str(args.file), "it is no backup of ours, or it is damaged", "Take another one") from None
        if connection.vendor == "sqlite":
            (Path(folder) / "database").replace(name) if _same_disk(folder, name) else _copy(folder, name)
        else:
            _pg("pg_restore", "--clean", "--if-exists", "--no-owner", "--dbname=", str(Path(folder) / "database"))
        key = settings.HOME / "secret-key"
        key.write_bytes((Path(folder) / "secret-key").read_bytes())
        key.chmod(0o600)
    print("restored. Run `nappage-web check --audit` before anybody works on it.")
    return 0


def _same_disk(folder: str, name: Path) -> bool:
    return os.stat(folder).st_dev == os.stat(name.parent).st_dev


def _copy(folder: str, name: Path) -> None:
    part = name.with_name(f".{name.name}.part")
    part.write_bytes((Path(folder) / "database").read_bytes())
    os.replace(part, name)


def _pg(program: str, *words: str) -> None:
    from django.db import connection

    at = connection.settings_dict
    environment = {
        "PGHOST": at["HOST"] or "", "PGPORT": str(at["PORT"] or ""), "PGUSER": at["USER"] or "",
        "PGPASSWORD": at["PASSWORD"] or "", "PGDATABASE": at["NAME"],
    }  # fmt: skip
    command = [program, *(f"{word}{at['NAME']}" if word == "--dbname=" else word for word in words)]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode:
        raise InputError(
            program, done.stderr.strip().splitlines()[-1] if done.stderr else "it failed", "Try it by hand"
        )


def _check(args: argparse.Namespace) -> int:
    from django.core.management import call_command
    from django.core.management.base import CommandError
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    faults = []
    try:
        call_command("check", deploy=True, fail_level="ERROR")
    except CommandError as error:
        faults.append(str(error))
    waiting = MigrationExecutor(connection).migration_plan(MigrationExecutor(connection).loader.graph.leaf_nodes())
    if waiting:
        faults.append(f"{len(waiting)} changes of the tables are waiting; `nappage-web serve` makes them")
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            said = cursor.execute("PRAGMA integrity_check").fetchone()[0]
        if said != "ok":
            faults.append(f"the database is damaged: {said}. Restore the last backup")
    if args.audit and not waiting:
        from ..clinic import audit

        result = audit.verify(expect_head=args.head)
        print(f"audit: {result.links} links, the last {result.head}")
        if result.fault:
            faults.append(f"audit: {result.fault}")
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print("nothing is wrong")
    return 1 if faults else 0


def _createclinic(args: argparse.Namespace) -> int:
    from ..clinic import founding

    prepare()

    def given(name: str, words: str, default: str = "") -> str:
        value = getattr(args, name)
        if value is None and sys.stdin.isatty():
            value = input(f"{words}{f' [{default}]' if default else ''}: ").strip()
        if not (value or default):
            raise InputError(f"--{name.replace('_', '-')}", "it is missing", "Give it as a flag")
        return str(value or default)

    clinic = given("clinic", "Name of the clinic")
    fields = {
        "organisation": given("organisation", "Organisation", clinic),
        "clinic": clinic,
        "jurisdiction": given("jurisdiction", "Jurisdiction", "FR"),
        "language": given("language", "Language", "en"),
        "time_zone": given("time_zone", "Time zone", "Europe/Paris"),
        "name": given("name", "Name of the lead"),
        "email": given("email", "E-mail of the lead"),
    }
    password = sys.stdin.readline().rstrip("\n") if args.password_stdin else getpass.getpass("Password of the lead: ")
    founding.found_clinic(founding.FOUNDER, password=password, **fields)
    print(f"{clinic} is there. Sign in as {fields['email']}; a second factor is set up at the first sign-in.")
    return 0
