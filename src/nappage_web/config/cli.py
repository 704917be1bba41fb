"""`nappage-web`: serves a clinic, keeps it safe, and shows a demo."""

from __future__ import annotations

import argparse
import getpass
import os
import shutil
import socket
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
    os.umask(0o077)  # the database and all else that is written here are for their owner's eyes only
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
            made.add_argument("--certificate", type=Path, help="PEM file: serve with TLS, without a proxy in front")
            made.add_argument("--key", type=Path, help="PEM file of the certificate's key")
        made.add_argument("--port", type=int, default=8000, help="port (default: 8000)")
        made.add_argument("--workers", type=int, default=1, help="processes, with 4 threads each (default: 1)")
    backup = verb("backup", _backup, "write the database and the secrets to one file, while the clinic works on")
    backup.add_argument("file", type=Path)
    restore = verb("restore", _restore, "bring a backup back, into an empty NAPPAGE_HOME")
    restore.add_argument("file", type=Path)
    check = verb("check", _check, "look for what is wrong with settings, database and tables")
    check.add_argument("--audit", action="store_true", help="walk the audit chain and hash every document too")
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
    reset = verb("resetfactor", _resetfactor, "for a lead who lost the second factor and has no other lead to ask")
    reset.add_argument("email", help="the e-mail they sign in with")
    reset.add_argument("--reason", default="", help="how you know that it is they who ask; kept in the audit")
    create.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    return parser


# Of htmx we serve one file; among the rest are extensions that import files which are not there.
_UNUSED = ["django_htmx/ext/*", "django_htmx/htmx-4*", "django_htmx/htmax-*", "django_htmx/htmx-2.js"]


def tables() -> None:
    """Tables and the cache, as this version needs them."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)


def prepare() -> None:
    """All that a server needs: tables, static files, no sessions that have ended."""
    from django.conf import settings
    from django.core.management import call_command

    tables()
    call_command("clearsessions", verbosity=0)
    if not settings.DEBUG:
        call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=_UNUSED)


def _serve(args: argparse.Namespace) -> int:
    from django.conf import settings

    certificate = (args.certificate, args.key) if args.certificate and args.key else None
    if bool(args.certificate) != bool(args.key):
        raise InputError("--certificate", "it needs --key, and --key needs it", "Give both")
    for file in certificate or ():
        if not file.is_file():
            raise InputError(str(file), "there is no such file", "Name a PEM file")
    if settings.PLAIN_HTTP and args.host not in _LOOPBACK:
        raise InputError("--host", "without TLS only this machine may be served", "Unset NAPPAGE_PLAIN_HTTP")
    prepare()
    if not (settings.PLAIN_HTTP or settings.PROXY or certificate):
        print(
            "Every page demands TLS. Give --certificate and --key, or put a proxy in front and set NAPPAGE_PROXY=1; to "
            "try it on this machine alone, set NAPPAGE_PLAIN_HTTP=1.",
            file=sys.stderr,
        )
    tls = "with" if certificate else "without"
    names = ", ".join(settings.ALLOWED_HOSTS)
    print(f"listening on {args.host}, port {args.port}, {tls} TLS; answers to {names}", flush=True)
    return _granian(args.host, args.port, args.workers, certificate)


def _demo(args: argparse.Namespace) -> int:
    from nappage_web import demo

    _free(args.port)
    print("preparing the demo...", flush=True)
    prepare()
    print("\n".join(demo.fill()), flush=True)
    print(f"\n  http://localhost:{args.port}\n\nCtrl-C ends it.", flush=True)
    return _granian("127.0.0.1", args.port, args.workers)


_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _free(port: int, host: str = "127.0.0.1") -> None:
    """Raises InputError where somebody listens already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            wrong = (error.strerror or "it is taken").lower()
            raise InputError(f"port {port}", wrong, "Choose another with --port") from None


def _granian(host: str, port: int, workers: int, certificate: tuple[Path, Path] | None = None) -> int:
    """WSGI on threads; never ASGI, which makes synchronous views several times slower."""
    from django.db import connections
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    _free(port, host)
    connections.close_all()  # the workers open their own
    Granian(
        "nappage_web.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=4,
        log_level=LogLevels.warning,
        ssl_cert=certificate[0] if certificate else None,
        ssl_key=certificate[1] if certificate else None,
    ).serve()
    return 0


def _backup(args: argparse.Namespace) -> int:
    """One file: the database as it stood at one moment, and the secret key. SQLite's own copy in one step: in several
    it starts again at every write."""
    from django.conf import settings
    from django.db import connection

    if args.file.exists():
        raise InputError(str(args.file), "there is a file of that name", "Choose another name")
    if not args.file.parent.is_dir():
        raise InputError(str(args.file.parent), "there is no such folder", "Make it, or choose another")
    if not connection.introspection.table_names():
        raise InputError("NAPPAGE_HOME", f"there is no clinic in {settings.HOME}", "Set it to the clinic's folder")
    with tempfile.TemporaryDirectory(dir=args.file.parent) as folder:
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
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as tar:
                tar.add(copy, "database")
                tar.add(settings.HOME / "secret-key", "secret-key")
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, args.file)
    print(f"{args.file}: {args.file.stat().st_size:,} bytes. It holds patients' data and the key: keep it locked away.")
    return 0


def _unpack(tar: tarfile.TarFile, member: str, to: Path) -> None:
    """One plain file of an archive. Raises KeyError where there is none of that name."""
    content = tar.extractfile(member)
    if content is None:
        raise KeyError(member)
    with content, to.open("wb") as file:
        shutil.copyfileobj(content, file)


def _restore(args: argparse.Namespace) -> int:
    from django.conf import settings
    from django.db import connection

    if not args.file.is_file():
        raise InputError(str(args.file), "there is no such file", "Name a file that `nappage-web backup` wrote")
    name = Path(str(settings.DATABASES["default"]["NAME"]))
    if connection.vendor == "sqlite" and name.exists():
        raise InputError(str(name), "a database is here already", "Set NAPPAGE_HOME to an empty folder")
    log = name.with_name(f"{name.name}-wal")
    if connection.vendor == "sqlite" and log.exists():  # SQLite would play it into the database that is brought back
        raise InputError(str(log), "it was left by a database that is gone", "Set NAPPAGE_HOME to an empty folder")
    if connection.vendor != "sqlite" and connection.introspection.table_names():
        raise InputError("DATABASE_URL", "that database holds tables already", "Name an empty one")
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(args.file) as tar:
                for member in ("database", "secret-key"):  # by name, and never a path of the archive's own
                    _unpack(tar, member, Path(folder, member))
        except (tarfile.TarError, KeyError, OSError, EOFError):
            raise InputError(str(args.file), "it is no backup of ours, or it is damaged", "Take another one") from None
        database = Path(folder, "database")
        if connection.vendor == "sqlite" and database.read_bytes()[:15] != b"SQLite format 3":
            raise InputError(str(args.file), "it holds a PostgreSQL database", "Set DATABASE_URL to an empty one")
        # The key first: if this ends midway, no database stands here without the key to its secrets, and it can be
        # restored again.
        _place(Path(folder, "secret-key"), settings.HOME / "secret-key")
        if connection.vendor == "sqlite":
            _place(database, name)
        else:
            _pg("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={connection.settings_dict['NAME']}", database)
    print("restored. Run `nappage-web check --audit` before anybody works on it.")
    return 0


def _place(source: Path, target: Path) -> None:
    """Whole or not at all, and for its owner's eyes only."""
    part = target.with_name(f".{target.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out, source.open("rb") as file:
        shutil.copyfileobj(file, out)
        out.flush()
        os.fsync(out.fileno())
    os.replace(part, target)


def _pg(program: str, *words: str | Path) -> None:
    """Runs one of PostgreSQL's programs on the database of DATABASE_URL."""
    from django.db import connection

    at = connection.settings_dict
    where = {"PGHOST": at["HOST"], "PGPORT": at["PORT"], "PGUSER": at["USER"], "PGPASSWORD": at["PASSWORD"]}
    where = {name: str(value) for name, value in where.items() if value} | {"PGDATABASE": at["NAME"]}
    where |= {"PGHOST": at["OPTIONS"]["host"]} if "host" in at["OPTIONS"] else {}
    try:
        done = subprocess.run([program, *words], env={**os.environ, **where}, capture_output=True, text=True)
    except FileNotFoundError:
        raise InputError(program, "it is not installed", "Install PostgreSQL's client programs") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it failed"]
        raise InputError(program, said[-1].rstrip("."), "Run it by hand to see more")


def _check(args: argparse.Namespace) -> int:
    from django.conf import settings
    from django.core.management import call_command
    from django.core.management.base import CommandError
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from ..clinic import append_only
    from ..clinic.signin import adapter

    faults: list[str] = []
    try:
        call_command("check", deploy=True, fail_level="ERROR")
    except CommandError as error:
        faults.append(str(error))
    if (settings.HOME / "secret-key").stat().st_mode & 0o077:
        faults.append(f"others can read {settings.HOME / 'secret-key'}: chmod 600 it")
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        faults.append(f"{len(waiting)} changes of the tables are waiting; `nappage-web serve` makes them")
    elif unguarded := append_only.missing(connection):
        faults.append(f"what must not be changed is not guarded: {', '.join(unguarded)}. Restore the last backup")
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            said = cursor.execute("PRAGMA integrity_check").fetchone()[0]
        if said != "ok":
            faults.append(f"the database is damaged: {said}. Restore the last backup")
    if not waiting and (lost := adapter.unreadable()):
        faults.append(
            f"{lost} second factors were kept by another secret key: bring that one back into {settings.HOME}, or give "
            "their owners new ones with `nappage-web resetfactor`"
        )
    if args.audit and not waiting:
        from ..clinic import audit
        from . import whole

        result = audit.verify(expect_head=args.head)
        print(f"audit: {result.links} links, the last {result.head}")
        if result.fault:
            faults.append(f"audit: {result.fault}")
        faults += whole.damaged()
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print("nothing is wrong")
    return 1 if faults else 0


def _createclinic(args: argparse.Namespace) -> int:
    from ..clinic import founding

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
    tables()
    founding.found_clinic(founding.FOUNDER, password=password, **fields)
    print(f"{clinic} is there. Sign in as {fields['email']}; a second factor is set up at the first sign-in.")
    return 0


def _resetfactor(args: argparse.Namespace) -> int:
    """What the page for the lead does, for whom nobody else can do it."""
    from ..clinic.access import system_actor
    from ..clinic.commands import Refused
    from ..clinic.models import Staff
    from ..clinic.signin import commands

    rows = Staff._base_manager.filter(user__email=args.email.casefold(), active=True)
    staff = rows.select_related("user", "clinic__organisation").order_by("created").first()
    if staff is None:
        raise InputError(args.email, "nobody who works at a clinic here signs in with it", "Write their address")
    try:
        commands.reset_factor(system_actor(staff.clinic), staff, reason=args.reason)
    except Refused as no:
        raise InputError(args.email, no.sentence.rstrip("."), no.way_out.rstrip(".")) from None
    print(f"{staff} signs in with the password alone once more, and sets up a new second factor there.")
    return 0
