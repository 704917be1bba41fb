"""The clinic's app over HTTP: what one person waits for, twenty at once, and three things beside GNU Health.

The clock here is that on the wall, for that is what people wait for; beside it stands the CPU time of the server and
its database, which a busy machine changes little. Both are on loopback, and the load comes from the same cores.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from map_edit_bench import dragged, edited, spot
from web_fill import Invented, invented
from web_ours import Ours
from web_peer import GnuHealth
from web_postgres import Cluster

SIZES = (5_000, 100_000)  # patients on both sides
ROUNDS, BLOCK = 10, 20  # alternating: so often so many calls of each kind on each side
STAFF = 20
MINUTE_S = float(os.environ.get("NAPPAGE_BENCH_MINUTE", 60))  # how long the twenty work
WORKERS = 2
AIM_MS = {"search": 50, "page": 150, "twenty": 150, "map": 300}
AIM_BYTES = 100_000
_NEW = 10_000_000  # numbers of patients that are created while the clock runs


@dataclass
class Times:
    """Milliseconds of one kind of call, and what went wrong."""

    ms: list[float] = field(default_factory=list)
    cpu_ms: float = 0.0  # of all calls together
    faults: list[str] = field(default_factory=list)

    def of(self, act: Callable[[], object]) -> None:
        start = time.perf_counter()
        try:
            act()
        except Exception as error:
            self.faults.append(f"{type(error).__name__}: {error}"[:200])
        else:
            self.ms.append(1000 * (time.perf_counter() - start))

    def at(self, quantile: float) -> float:
        return float(np.quantile(self.ms, quantile)) if self.ms else float("nan")

    def __str__(self) -> str:
        return f"{self.at(0.5):.1f} / {self.at(0.95):.1f}"


def run() -> list[str]:
    """The tables, each with its aims."""
    loads = [os.getloadavg()[0]]
    with Cluster() as cluster:
        ours = Ours()
        try:
            beside, alone = _with_peer(ours, cluster)
            loads.append(os.getloadavg()[0])
            lines = [*beside, "", *alone, "", *_weights(ours), "", *_map(ours)]
            lines += ["", *_twenty(ours, "SQLite", None)]
        finally:
            ours.forget()
        cluster.create("ours")
        ours = Ours(cluster.url("ours"))
        try:
            ours.fill(0, SIZES[-1], STAFF)
            lines += _twenty(ours, "PostgreSQL", cluster)[2:]
        finally:
            ours.forget()
    loads.append(os.getloadavg()[0])
    lines += ["", "Load of the machine before, half-way and after: " + ", ".join(f"{load:.1f}" for load in loads) + "."]
    return lines


# --- beside GNU Health, and alone ----------------------------------------------------------------------------------


def _with_peer(ours: Ours, cluster: Cluster) -> tuple[list[str], list[str]]:
    """Ratios at each size, both servers running, in alternating blocks; then ours alone with all patients."""
    lines = [
        f"| one client; ms, median / p95; (CPU ms of server and database) | patients | ours | {GnuHealth.name} | "
        "it / ours: median, p95, CPU |",
        "|---|---|---|---|---|",
    ]
    with GnuHealth(cluster) as peer:
        before, theirs = 0, []
        for size in SIZES:
            ours.fill(before, size, STAFF)
            theirs += peer.fill(invented(before, size))
            before = size
            with _served(ours, WORKERS):
                lines += _beside(ours, peer, theirs, size)
    with _served(ours, 1):
        alone = _alone(ours)
    return lines, alone


def _beside(ours: Ours, peer: GnuHealth, theirs: list[int], size: int) -> list[str]:
    dice = random.Random(size)
    person = ours.person()
    here, there = defaultdict(Times), defaultdict(Times)
    fresh = iter(invented(_NEW + 2 * size, _NEW + 2 * size + 100_000))
    for number in range(-1, ROUNDS):  # the first warms up both
        if number == 0:
            here.clear(), there.clear()
        words = [_typed(dice, size) for _ in range(BLOCK)]
        kinds: dict[str, tuple[list[Callable[[], object]], list[Callable[[], object]]]] = {
            "search by a name being typed": (
                [lambda w=w: person.search(w) for w in words],
                [lambda w=w: peer.search(w) for w in words],
            ),
            "read a patient": (
                [lambda p=p: person.read(p) for p in dice.choices(ours.told["patients"], k=BLOCK)],
                [lambda p=p: peer.read(p) for p in dice.choices(theirs, k=BLOCK)],
            ),
            "create a patient": (
                [lambda p=p: person.create(p) for p in islice(fresh, BLOCK)],
                [lambda p=p: peer.create(p) for p in islice(fresh, BLOCK)],
            ),
        }
        for kind, (mine, its) in kinds.items():
            for times, acts, processes in ((here, mine, ours.processes()), (there, its, peer.processes())):
                used = _cpu_s(processes)
                for act in acts:
                    times[kind].of(act)
                times[kind].cpu_ms += 1000 * (_cpu_s(processes) - used)
    return [_ratio(kind, size, here[kind], there[kind]) for kind in here]


def _ratio(kind: str, size: int, mine: Times, its: Times) -> str:
    for times in (mine, its):
        if times.faults:
            raise RuntimeError(f"{kind}: {times.faults[0]}")
    cpu = [times.cpu_ms / len(times.ms) for times in (mine, its)]
    ratios = its.at(0.5) / mine.at(0.5), its.at(0.95) / mine.at(0.95), cpu[1] / cpu[0]
    return (
        f"| {kind} | {size:,} | {mine} ({cpu[0]:.1f}) | {its} ({cpu[1]:.1f}) | "
        f"**{ratios[0]:.1f}**, {ratios[1]:.1f}, {ratios[2]:.1f} |"
    )


def _typed(dice: random.Random, size: int) -> str:
    """A family name of somebody who is there, whole or its first three to five letters."""
    name = next(invented(at := dice.randrange(size), at + 1)).family
    return dice.choice((name, name[:3], name[:4], name[:5]))


def _alone(ours: Ours) -> list[str]:
    dice, person, size = random.Random(1), ours.person(), SIZES[-1]
    found: dict[str, tuple[Times, float | None]] = {}

    def measure(kind: str, aim: float | None, act: Callable[[Invented], object], times: int = 200) -> None:
        took, used = Times(), 0.0
        for number in range(-20, times):
            if number == 0:
                took, used = Times(), _cpu_s(ours.processes())
            at = dice.randrange(size)
            whom = next(invented(at, at + 1))
            took.of(lambda whom=whom: act(whom))
        took.cpu_ms = 1000 * (_cpu_s(ours.processes()) - used)
        found[kind] = took, aim

    searches: dict[str, Callable[[Invented], str]] = {
        "one letter": lambda p: p.family[0],
        "a name's first two to five letters": lambda p: p.family[: dice.randint(2, 5)],
        "first and family name": lambda p: f"{p.first} {p.family}",
        "birth date": lambda p: f"{p.birth_date:%d.%m.%Y}",
        "phone": lambda p: p.phone[-8:],
        "a name that nobody has": lambda p: p.family[::-1] + "xq",
    }
    for kind, word in searches.items():
        measure(f"search: {kind}", AIM_MS["search"], lambda p, word=word: person.search(word(p)))
    measure("patient's page, nothing answered yet", AIM_MS["page"],
            lambda _: person.read(dice.choice(ours.told["patients"])))  # fmt: skip
    measure("patient's page with answers and their screening", AIM_MS["page"],
            lambda _: person.read(dice.choice(ours.told["answered"])))  # fmt: skip
    fresh = iter(invented(2 * _NEW, 2 * _NEW + 1000))
    measure("create a patient", None, lambda _: person.create(next(fresh)))
    measure("autosave of one edit", None, lambda _: person.save())
    lines = [f"| {size:,} patients, SQLite, 1 client, 1 worker | median, ms | p95 | aim, p95 | CPU ms |",
             "|---|---|---|---|---|"]  # fmt: skip
    for kind, (times, aim) in found.items():
        if times.faults:
            raise RuntimeError(f"{kind}: {times.faults[0]}")
        lines.append(
            f"| {kind} | {times.at(0.5):.1f} | {times.at(0.95):.1f} | {_aim(times.at(0.95), aim)} | "
            f"{times.cpu_ms / len(times.ms):.1f} |"
        )
    return lines


def _aim(value: float, aim: float | None) -> str:
    return "" if aim is None else f"{aim:,.0f}" if value <= aim else f"{aim:,.0f}, **missed**"


# --- what travels for a page -----------------------------------------------------------------------------------------


def _weights(ours: Ours) -> list[str]:
    lines = ["| bytes that travel for a page, nothing cached, the 3D view apart | kB | of it HTML | aim |",
             "|---|---|---|---|"]  # fmt: skip
    with _served(ours, 1):
        person, stranger = ours.person(), ours.stranger()
        pages = {
            "sign-in": (stranger, "/accounts/login/"),
            "home": (person, "/"),
            "patients": (person, "/patients/"),
            "a patient": (person, f"/patients/{person.patient}/"),
            "consultation": (person, f"/drafts/{person.draft}/"),
            "map": (person, f"/drafts/{person.draft}/map"),
        }
        for name, (who, path) in pages.items():
            found = who.weight(path)
            whole = sum(found.values())
            lines.append(f"| {name} | {whole / 1000:.0f} | {found[path] / 1000:.0f} | {_aim(whole, AIM_BYTES)} |")
    return lines


# --- the map -------------------------------------------------------------------------------------------------------


def _map(ours: Ours) -> list[str]:
    """The edits of bench/map_edit, one at a time on each zone, through HTTP and the draft."""
    from datetime import date

    from nappage.injection_map import lay_out
    from nappage.intake import Order
    from nappage.knowledge import load

    start = ours.told["order"]
    first = lay_out(Order.model_validate(start), load(date(2026, 11, 25)), sex="female")
    names = list(dict.fromkeys(zone.zone for zone in first.zones))
    rng = np.random.default_rng(1)
    kinds: dict[str, Callable[[str], dict]] = {
        "spacing of a zone": lambda zone: {"spacing_mm": round(rng.uniform(6, 8), 2)},
        "depth": lambda zone: {"depth_mm": round(rng.uniform(0.5, 1.9), 2)},
        "border, one vertex dragged": lambda zone: {"border": dragged(zone, rng)},
        "a spot erased": lambda zone: {"erase": [spot(first, zone, rng)]},
    }
    found: dict[str, Times] = {kind: Times() for kind in kinds}
    with _served(ours, 1):
        person = ours.person()
        told = person.edit_map([])
        person.skin = told["payload"]["skin_key"]
        for kind, edit in kinds.items():
            used = _cpu_s(ours.processes())
            for zone in [name for name in names for _ in range(3)]:
                while True:  # a border that would cross itself is refused: another is drawn
                    change = edited(start, names, zone, edit(zone))["map"]
                    found[kind].of(lambda change=change: person.edit_map([{"path": "order.map", "value": change}]))
                    if not (found[kind].faults and "crosses itself" in found[kind].faults[-1]):
                        break
                    found[kind].faults.pop()
            found[kind].cpu_ms = 1000 * (_cpu_s(ours.processes()) - used)
    lines = [f"| an edit of a map of {len(first.points)} points through HTTP, kept in the draft | edits | median, ms | "
             "p95 | aim, p95 | CPU ms |", "|---|---|---|---|---|---|"]  # fmt: skip
    every = Times([ms for times in found.values() for ms in times.ms], sum(t.cpu_ms for t in found.values()))
    for kind, times in {**found, "**all**": every}.items():
        if times.faults:
            raise RuntimeError(f"map, {kind}: {times.faults[0]}")
        lines.append(
            f"| {kind} | {len(times.ms)} | {times.at(0.5):.0f} | {times.at(0.95):.0f} | "
            f"{_aim(times.at(0.95), AIM_MS['map'])} | {times.cpu_ms / len(times.ms):.0f} |"
        )
    return lines


# --- twenty at work -------------------------------------------------------------------------------------------------


def _twenty(ours: Ours, database: str, cluster: Cluster | None) -> list[str]:
    """Twenty people, each with a browser: half of what they do is typed into a draft, the rest reads."""
    lines = [
        f"| {STAFF} clinicians, {SIZES[-1]:,} patients | database | requests/s | all: median / p95, ms | autosave | "
        "search | patient's page | screening | aim, p95 | failed | CPU ms each |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, pause_s in (("a request a second each, as people work", 1.0), ("without a pause", 0.0)):
        with _served(ours, WORKERS):
            processes = ours.processes() + ([cluster.process.pid] if cluster else [])
            _work(ours, 0.2, min(10.0, MINUTE_S))  # warms up every worker
            used, began = _cpu_s(processes), time.perf_counter()
            found = _work(ours, pause_s, MINUTE_S)
            took, used = time.perf_counter() - began, _cpu_s(processes) - used
        every = Times([ms for times in found.values() for ms in times.ms])
        every.faults = [fault for times in found.values() for fault in times.faults]
        if every.faults:
            print(f"{name}, {database}: {every.faults[:3]}")
        lines.append(
            f"| {name} | {database} | {len(every.ms) / took:.0f} | {every} | "
            + " | ".join(str(found[kind]) for kind in ("save", "search", "read", "screening"))
            + f" | {_aim(every.at(0.95), AIM_MS['twenty'] if pause_s else None)} | {len(every.faults)} | "
            f"{1000 * used / max(1, len(every.ms)):.1f} |"
        )
    return lines


def _work(ours: Ours, pause_s: float, for_s: float) -> dict[str, Times]:
    """What each kind of request took; a pause is drawn from an exponential distribution of mean `pause_s`."""
    found: dict[str, Times] = {kind: Times() for kind in ("save", "search", "read", "screening")}
    until = time.perf_counter() + for_s

    def person_at(number: int) -> None:
        dice, person = random.Random(number), ours.person(number)
        while time.perf_counter() < until:
            if pause_s:
                time.sleep(dice.expovariate(1 / pause_s))
            kind = dice.choices(tuple(found), (50, 20, 15, 15))[0]
            act: dict[str, Callable[[], object]] = {
                "save": person.save,
                "search": lambda: person.search(_typed(dice, SIZES[-1])),
                "read": lambda: person.read(dice.choice(ours.told["answered"])),
                "screening": person.screening,
            }
            found[kind].of(act[kind])

    people = [threading.Thread(target=person_at, args=(number,)) for number in range(STAFF)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    return found


# --- processes ------------------------------------------------------------------------------------------------------


@contextmanager
def _served(ours: Ours, workers: int) -> Iterator[None]:
    ours.serve(workers)
    try:
        yield
    finally:
        ours.stop()


def _cpu_s(roots: list[int]) -> float:
    """CPU seconds of these processes and all their descendants, those that have ended and were waited for included."""
    parents, used = {}, {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        pid = int(entry.parent.name)
        parents[pid], used[pid] = int(fields[1]), sum(map(int, fields[11:15]))
    ticks = 0
    for pid in used:
        at = pid
        while at and at not in roots:
            at = parents.get(at, 0)
        ticks += used[pid] if at else 0
    return ticks / os.sysconf("SC_CLK_TCK")
