"""`nappage choose | plan | map | card | screen | formulate | schedule | triage | score | knowledge |
check`: thin verbs.

Exit codes: 0 may proceed or accepted, 1 answered but may not, 2 bad input (one sentence on standard error).
Imports stand inside the verbs, so that a verb loads only what it uses.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from .values import InputError

if TYPE_CHECKING:
    from .choice import PriceList
    from .injection_map import Fit, InjectionMap
    from .injection_map.photograph import Photograph
    from .intake import Answers, Facts, Order, Spot
    from .knowledge import Edition
    from .screening import Screening

MAY, MAY_NOT, BAD_INPUT = 0, 1, 2

_EXAMPLES = {
    "plan": """\
examples:
  nappage plan examples/facial-rejuvenation.yaml --out out
  nappage plan patient.json.gz answers.yaml --on 2026-03-01     a FHIR bundle beside the patient's answers
  nappage plan examples/facial-rejuvenation.yaml --json         the plan as JSON, nothing written""",
    "map": """\
examples:
  nappage map examples/facial-rejuvenation.yaml                      on the atlas, not to the patient's size
  nappage map order.yaml --photo face.jpg                            on a photograph with the marker card in shot
  nappage map order.yaml --photo face.jpg --calliper outer-eyes=90   or with one distance measured on the face, in mm
  nappage map order.yaml --scan head.glb                             on a scan
  nappage map --carry out/order/map.json --photo next.jpg            the same points at the next visit""",
    "card": """\
examples:
  nappage card --out card.pdf     print it at 100 %, check its ruler, hold it beside the face""",
    "screen": """\
examples:
  nappage screen examples/deferred-isotretinoin.yaml
  nappage screen patient.json.gz --on 2021-06-01                a FHIR bundle alone: its silence stays unanswered
  nappage screen patient.json.gz answers.yaml --json            both; what contradicts becomes a question
  nappage screen today.yaml --since out/april/plan.json         and what changed since that session""",
    "formulate": """\
examples:
  nappage formulate examples/mixture-lidocaine.yaml
  nappage formulate - --json < examples/mixture-lidocaine.yaml""",
    "schedule": """\
examples:
  nappage schedule examples/schedule-facial.yaml                dates from a published protocol
  nappage schedule examples/schedule-proposed.yaml --json       dates that somebody proposes, checked""",
    "triage": """\
examples:
  nappage triage examples/triage-report.yaml                    how urgent a patient's report is, why, what to ask
  nappage triage report.yaml --plan out/anna/plan.json --json   with what was planned for the session""",
    "knowledge": """\
examples:
  nappage knowledge list                     every record with its adopted position
  nappage knowledge list evidence            one kind of them
  nappage knowledge show vitamin-k-antagonist   one record: positions, sources, who disagrees
  nappage knowledge show protocols/rosacea   one of several that share an id
  nappage knowledge sources                  every source and how much of it was read
  nappage knowledge conflicts                records whose sources disagree
  nappage knowledge coverage                 what carries each record of the dossiers and statement of the articles
  nappage knowledge check                    what may not be published
  nappage knowledge site --out out/reference all of it as pages to search, for a browser without a network""",
    "score": """\
examples:
  nappage score                                the scales there are
  nappage score examples/scores.yaml           each scale's items added up, and before with after compared""",
    "choose": """\
examples:
  nappage choose examples/choice.yaml                           which protocols, with what evidence, and what else
  nappage choose examples/choice.yaml --prices prices.yaml      and what each costs at the clinic's own prices
  nappage choose patient.json.gz answers.yaml --json            a FHIR bundle beside the answers""",
    "check": """\
examples:
  nappage check examples/facial-rejuvenation.yaml
  nappage check out/facial-rejuvenation/plan.json               a plan against its schema and today's edition
  nappage check --schema answers                                the JSON Schema of a kind of file""",
}


def main(argv: list[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except InputError as error:
        print(f"nappage: {error}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:
        sys.stderr.close()
        return MAY


class _Parser(argparse.ArgumentParser):
    """One sentence where a word is wrong, as for every other bad input."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"nappage: {message}. See {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="nappage",
        description="Plans mesotherapy: who may be treated, with what, when, and why. It supports a licensed "
        "clinician's decision; it is not a certified medical device.",
        epilog="Each verb has worked examples: nappage VERB --help",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, says: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        added = verbs.add_parser(
            name, help=says, description=says, epilog=_EXAMPLES[name],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        added.set_defaults(run=run)
        added.add_argument("--json", action="store_true", help="the answer as JSON")
        added.add_argument("--on", type=_day, metavar="DATE", help="the day it is asked for (YYYY-MM-DD; today)")
        added.add_argument("--language", default="en", choices=("en", "fr"), help="the language of the words")
        added.add_argument("--policy", metavar="FILE", help="the clinic's own decisions (YAML)")
        return added

    files = "a patient's file (YAML or JSON), a FHIR bundle (JSON, may be gzipped), or - for standard input"
    for name, says, run in (
        ("plan", "From a patient's answers and an order to a sourced treatment plan.", _plan),
        ("screen", "May this patient have this order, on this day?", _screen),
    ):
        added = verb(name, says, run)
        added.add_argument("file", help=files)
        added.add_argument(
            "answers", nargs="*", help="further files: the answers beside a bundle, or an order of its own"
        )
        if name == "screen":
            added.add_argument(
                "--since", metavar="FILE", help="an earlier session's screening or plan.json: what changed"
            )
        if name == "plan":
            added.add_argument("--out", metavar="FOLDER", default="out", help="where the documents go (out)")
            added.add_argument(
                "--reference", metavar="WAY",
                help="the way from the plan's folder to the reference site; plan.html then links to its records",
            )  # fmt: skip
            _add_prices(added)
            _add_patient(added)
    added = verb(
        "choose", "What could be done for a concern, with its evidence, its alternatives and its cost.", _choose
    )
    added.add_argument("file", help=files)
    added.add_argument("answers", nargs="*", help="further files: the answers beside a bundle, or an order of its own")
    _add_prices(added)
    added = verb("map", "Every injection of a session, in millimetres, on the atlas or on this patient.", _map)
    added.add_argument("file", nargs="*", help=files)
    added.add_argument("--carry", metavar="MAP", help="an earlier map.json or plan.json: its points on the new skin")
    added.add_argument("--out", metavar="FOLDER", default="out", help="where the drawings go (out)")
    _add_patient(added)
    added = verb("card", "The marker card to print: scale and colour for photographs.", _card)
    added.add_argument("--out", metavar="FILE", default="card.pdf", help="the PDF to write (card.pdf)")
    added = verb("formulate", "What a mixture holds, and whether it keeps within the ceilings.", _formulate)
    added.add_argument("file", nargs="+", help=files)
    added = verb("schedule", "A course's dates, each with its reason; or proposed dates, checked.", _schedule)
    added.add_argument("file", help="a file with protocol or regimen, start, given, constraints or proposed; or -")
    added = verb("triage", "How urgent a patient's report after a session is, why, and what to ask.", _triage)
    added.add_argument("file", help="a report (YAML or JSON): what the patient answers and writes; or -")
    added.add_argument("--plan", metavar="FILE", help="the session's plan.json, where the report has no treatment")
    added = verb("knowledge", "What this software believes, why, and who disagrees.", _knowledge)
    added.add_argument("what", choices=("list", "show", "sources", "conflicts", "coverage", "check", "site"))
    added.add_argument("id", nargs="?", help="for show: an id, or kind/id; for list: a kind of record")
    added.add_argument(
        "--out", metavar="FOLDER", default="out/reference", help="for site: where it goes (out/reference)"
    )
    added.add_argument("--markdown", action="store_true", help="conflicts or coverage as a page of docs/reference")
    added = verb("score", "A scale's items added up, or two scores compared.", _score)
    added.add_argument("file", nargs="?", help="a file of scale: items, or of before and after with such; or -")
    added = verb("check", "Read any file of nappage against its schema and edition.", _check)
    added.add_argument("file", nargs="?", help="answers, order, bundle, schedule, policy or plan; or -")
    added.add_argument("--schema", metavar="KIND", help="print the JSON Schema of a kind of file instead")
    return parser


def _add_prices(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--prices", metavar="FILE", help="the clinic's price list (YAML); see examples/prices.yaml")


def _add_patient(verb: argparse.ArgumentParser) -> None:
    """Where the patient's own skin comes from; without any of it a map is drawn on the atlas."""
    verb.add_argument("--photo", metavar="FILE", help="a photograph from the front, with a marker or --calliper")
    verb.add_argument("--marker-mm", type=_number, metavar="MM", help="side of the printed marker's black square (20)")
    verb.add_argument("--calliper", metavar="NAME=MM", help="outer-eyes=MM or inner-eyes=MM, measured on the patient")
    verb.add_argument(
        "--erase", metavar="X,Y,MM", action="append", default=[],
        help="no points within MM of what map-photograph.png shows at pixel X, Y (hair, a beard); may be repeated",
    )  # fmt: skip
    verb.add_argument("--scan", metavar="FILE", help="a scan of the head (GLB, OBJ or PLY)")
    verb.add_argument("--units", metavar="UNIT", help="the scan's unit, where the file does not settle it")
    verb.add_argument("--taken-on", type=_day, metavar="DATE", help="the day of the photograph or scan")


def _number(text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number; write one like 20 or 20.5")
    return number


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a date; write YYYY-MM-DD") from None


# --- what the verbs share ----------------------------------------------------------------------------------------


def _edition(args: argparse.Namespace) -> Edition:
    from .knowledge import Decision, KnowledgeError, load

    decisions: tuple[Decision, ...] = ()
    if args.policy:
        from .intake import load_yaml, validated

        name, content = load_yaml(args.policy)
        lines = content.get("decisions") if isinstance(content, dict) else None
        if not isinstance(lines, list):
            raise InputError(name, "a policy holds 'decisions', a list", "See docs/how-to/clinic-policy.md")
        decisions = tuple(validated(Decision, line, f"{name}, decisions[{i}]") for i, line in enumerate(lines))
    try:
        edition = load(args.on or date.today(), decisions)
    except KnowledgeError as error:
        raise InputError(args.policy or "the edition", str(error), "Correct the decision") from None
    for lapsed in edition.lapsed:
        print(
            f"nappage: the clinic's decision on '{lapsed.record}' has lapsed: the record it was made on has changed. "
            f"Read it again (nappage knowledge show {lapsed.record}) and decide anew.",
            file=sys.stderr,
        )
    return edition


def _read_answers(paths: list[str]) -> Answers:
    """One patient's files as answers: at most one bundle, one file of answers, one order of its own."""
    from . import fhir
    from .intake import Answers, Order, validated

    answers: Answers | None = None
    record: Answers | None = None
    order: Order | None = None
    for path in paths:
        name, content = _content(path)
        if fhir.looks_like_bundle(content):
            if record is not None:
                raise InputError(name, "this is a second bundle", "Give one patient's bundle")
            record = fhir.to_answers(content, name)
        elif isinstance(content, dict) and set(content) == {"order"}:
            order = validated(Answers, content, name).order
        elif isinstance(content, dict) and set(content) <= set(Order.model_fields) and content:
            order = validated(Order, content, name)
        else:
            if answers is not None:
                raise InputError(name, "this is a second file of answers", "Give one file of answers")
            answers = validated(Answers, content, name)
    answers = answers or Answers()
    if order is not None:
        if answers.order is not None:
            raise InputError(paths[-1], "there are two orders", "Give the order in one place")
        answers = answers.model_copy(update={"order": order})
    return answers if record is None else fhir.with_record(answers, record)


def _content(path: str) -> tuple[str, Any]:
    """A file's name and content: FHIR as JSON with exact decimals, everything else as YAML."""
    from . import fhir
    from .intake.files import parse_yaml, read_bytes

    name, data = read_bytes(path)
    if data[:2] == b"\x1f\x8b" or (data.lstrip()[:1] == b"{" and b'"resourceType"' in data):
        return name, fhir.parse_bundle(name, data)
    return name, parse_yaml(name, data)


def _facts(answers: Answers, edition: Edition, on: date) -> Facts:
    from .intake import read

    return read(answers, edition, on)


def _print_json(document: Any) -> None:
    print(document.model_dump_json(indent=2))


# --- verbs -------------------------------------------------------------------------------------------------------


def _screen(args: argparse.Namespace) -> int:
    from .intake.files import dumps
    from .screening import changes, screen, told

    answers = _read_answers([args.file, *args.answers])
    edition = _edition(args)
    screening = screen(_facts(answers, edition, edition.on), edition, args.language)
    changed = changes(_earlier(args.since), screening) if args.since else None
    if args.json and changed is not None:
        print(dumps({"screening": screening.model_dump(mode="json"), "changes": changed.model_dump(mode="json")}))
    elif args.json:
        _print_json(screening)
    else:
        from .plan import compose, terminal

        terminal.show(compose.screening_sheet(screening, edition, args.language))
        for line in told(changed, edition, args.language) if changed is not None else ():
            print(line)
    return MAY if screening.may_proceed else MAY_NOT


def _earlier(path: str) -> Screening:
    """The screening in a file that `screen --json` or `plan` wrote."""
    from .intake import validated
    from .screening import Screening

    name, content = _content(path)
    content = content.get("screening", content) if isinstance(content, dict) else content
    if not isinstance(content, dict) or not {"verdict", "findings", "open_questions"} <= set(content):
        raise InputError(name, "it holds no screening", "Give what `nappage screen --json` printed, or a plan.json")
    return validated(Screening, content, name)


def _plan(args: argparse.Namespace) -> int:
    from .plan import draft

    paths = [args.file, *args.answers]
    answers = _read_answers(paths)
    edition = _edition(args)
    fit, taken = _fit(args, _facts(answers, edition, edition.on)["sex"])
    if answers.order is not None:
        answers = answers.model_copy(update={"order": _with_erased(answers.order, _erased(args, fit))})
    plan = draft(
        answers, edition, edition.on, reference=_reference(paths), language=args.language, fit=fit,
        prices=_prices(args),
    )  # fmt: skip
    if args.json:
        _print_json(plan)
        return MAY if plan.may_proceed else MAY_NOT
    if plan.screening.deceased:
        print(plan.screening.statement)
        return MAY_NOT
    from .plan import compose, terminal, words, write

    # Before the first line: a closed pipe must lose nothing.
    written = write(plan, edition, Path(args.out), taken, reference=args.reference)
    terminal.show(compose.summary(plan, edition))
    terminal.show_written(written, words.Words(edition, args.language))
    return MAY if plan.may_proceed else MAY_NOT


def _prices(args: argparse.Namespace) -> PriceList | None:
    """The clinic's price list, where one is named."""
    if not args.prices:
        return None
    from .choice import PriceList
    from .intake import load_yaml, validated

    name, content = load_yaml(args.prices)
    return validated(PriceList, content, name)


def _choose(args: argparse.Namespace) -> int:
    from .choice import assessed, choose

    paths = [args.file, *args.answers]
    edition = _edition(args)
    answers = _read_answers(paths)
    facts = _facts(assessed(answers, edition), edition, edition.on)
    choice = choose(answers, facts, edition, edition.on, _prices(args), args.language)
    if args.json:
        _print_json(choice)
    else:
        from .plan import compose, terminal

        name = answers.patient.name or _reference(paths)
        terminal.show(compose.choice_sheet(choice, edition, args.language, name))
    return MAY if choice.offers else MAY_NOT


def _fit(args: argparse.Namespace, sex: str | None) -> tuple[Fit | None, Photograph | None]:
    """The patient's own skin, from a photograph or a scan; none without either."""
    if args.photo and args.scan:
        raise InputError("--photo and --scan", "both are given", "Give one of them")
    if args.taken_on is not None and args.taken_on > (args.on or date.today()):
        raise InputError("--taken-on", f"{args.taken_on} has not come yet", "Give the day of the photograph or scan")
    body: Literal["female", "male"] = "male" if sex == "male" else "female"
    for flag, given in (("--units", args.photo and args.units), ("--marker-mm", args.scan and args.marker_mm)):
        if given:
            raise InputError(flag, "it is for the other kind of file", "Leave it out")
    if args.scan and args.calliper:
        raise InputError("--calliper", "a scan has its own size", "Give --calliper with --photo, or leave it out")
    if args.photo:
        from .injection_map import photograph as photographs

        taken = photographs.read(Path(args.photo))
        asked: dict[str, Any] = {} if args.marker_mm is None else {"marker_mm": args.marker_mm}
        if args.calliper:
            name, _, length = args.calliper.partition("=")
            try:
                asked["calliper"] = {name.strip(): float(length)}
            except ValueError:
                raise InputError("--calliper", f"'{args.calliper}' is no distance", "Write outer-eyes=90") from None
        return photographs.fit(taken, body=body, taken_on=args.taken_on, **asked), taken
    if args.scan:
        from .injection_map import atlas, scan

        read = scan.read(Path(args.scan))
        return scan.fit(read, atlas.load(), body, args.units, args.taken_on, args.scan), None
    for name in ("marker_mm", "calliper", "erase", "units", "taken_on"):
        if getattr(args, name):
            flag = f"--{name.replace('_', '-')}"
            raise InputError(flag, "there is no photograph or scan for it", "Give --photo or --scan")
    return None, None


def _erased(args: argparse.Namespace, fit: Fit | None) -> tuple[Spot, ...]:
    """What is to be left without points on the photograph."""
    if not args.erase or fit is None:
        return ()
    from .injection_map import documents

    spots = []
    for text in args.erase:
        try:
            x, y, radius_mm = (float(number) for number in text.split(","))
        except ValueError:
            raise InputError("--erase", f"'{text}' is no spot", "Write pixel and radius: --erase 812,340,25") from None
        if not 0 < radius_mm <= 200:
            raise InputError("--erase", f"a radius of {radius_mm:g} mm cannot be", "Give one above 0, up to 200 mm")
        spots.append(documents.spot(fit, x, y, radius_mm))
    return tuple(spots)


def _with_erased(order: Order, spots: tuple[Spot, ...]) -> Order:
    wished = order.map.model_copy(update={"erase": (*order.map.erase, *spots)})
    return order.model_copy(update={"map": wished})


def _map(args: argparse.Namespace) -> int:
    from .injection_map import lay_out

    edition = _edition(args)
    if args.carry:
        if args.file:
            raise InputError("--carry", "it stands beside a patient's file", "Give one or the other")
        drawn, fit, taken = _carried(args, edition)
        reference = _reference([args.carry]) if Path(args.carry).name != "map.json" else Path(args.carry).parent.name
    else:
        if not args.file:
            raise InputError("nappage map", "no file was named", "Name a patient's file, or --carry a map")
        answers = _read_answers(args.file)
        order = _order(answers, args.file[0])
        sex = _facts(answers, edition, edition.on)["sex"]
        fit, taken = _fit(args, sex)
        drawn = lay_out(_with_erased(order, _erased(args, fit)), edition, sex=sex, fit=fit, language=args.language)
        reference = _reference(args.file)
    if args.json:
        _print_json(drawn)
        return MAY if drawn.may_be_signed else MAY_NOT
    from .injection_map import documents
    from .plan import compose, put, terminal, words

    contents = documents.files(drawn, edition, reference, photograph=taken)
    written = put(Path(args.out) / (reference or "map"), contents)
    terminal.show(compose.map_sheet(drawn, edition, args.language))
    terminal.show_written(written, words.Words(edition, args.language))
    return MAY if drawn.may_be_signed else MAY_NOT


def _carried(args: argparse.Namespace, edition: Edition) -> tuple[InjectionMap, Fit | None, Photograph | None]:
    """An earlier map on the new photograph or scan."""
    from .injection_map import InjectionMap, planning
    from .intake import validated

    name, content = _content(args.carry)
    if isinstance(content, dict) and content.get("document") == "treatment-plan":
        content = content.get("map")
    if not isinstance(content, dict) or content.get("document") != "injection-map":
        raise InputError(name, "there is no injection map in it", "Give a map.json, or a plan.json with a map")
    earlier = validated(InjectionMap, content, name)
    fit, taken = _fit(args, earlier.surface.body)
    if fit is None:
        raise InputError("--carry", "there is no new skin to carry the map to", "Give --photo or --scan")
    return planning.carried(earlier, edition, fit, _erased(args, fit)), fit, taken


def _card(args: argparse.Namespace) -> int:
    from .injection_map import card
    from .plan import put

    path = Path(args.out)
    put(path.parent, {path.name: card.pdf()})
    if args.json:
        from .intake.files import dumps

        print(dumps({"written": str(path)}))
    else:
        print(f"{path}: print it at 100 %, and check its ruler before it is used.")
    return MAY


def _reference(paths: list[str]) -> str:
    """What the folder is called: the last file's name (the answers stand after the bundle)."""
    name = Path(paths[-1]).name if paths[-1] != "-" else "patient"
    for ending in (".gz", ".json", ".yaml", ".yml"):
        name = name.removesuffix(ending)
    return name or "patient"


def _order(answers: Answers, name: str) -> Order:
    if answers.order is None:
        raise InputError(name, "there is no order in it", "Add 'order' with its 'mixture'; see examples/")
    return answers.order


def _formulate(args: argparse.Namespace) -> int:
    from .formulation import formulate

    answers = _read_answers(args.file)
    order = _order(answers, args.file[0])
    edition = _edition(args)
    formulation = formulate(order, _facts(answers, edition, edition.on), edition, args.language)
    if args.json:
        _print_json(formulation)
    else:
        from .plan import compose, terminal

        terminal.show(compose.formulation_sheet(formulation, edition, args.language))
    return MAY if formulation.verdict == "within-limits" else MAY_NOT


def _schedule(args: argparse.Namespace) -> int:
    from .course import Request, plan_course
    from .intake import load_yaml, validated

    name, content = load_yaml(args.file)
    request = validated(Request, content, name)
    edition = _edition(args)
    course = plan_course(request, edition, args.language)
    if args.json:
        _print_json(course)
    else:
        from .plan import compose, terminal

        terminal.show(compose.course_sheet(course, edition, args.language))
    return MAY if course.verdict in ("scheduled", "scheduled-with-notes", "accepted") else MAY_NOT


# What a plan's screening found that makes a bruise another matter.
_BLEEDING = frozenset({
    "vitamin-k-antagonist", "direct-oral-anticoagulant", "heparin", "antiplatelet", "anticoagulant-unnamed",
    "aspirin-prescribed", "bleeding-disorder",
})  # fmt: skip


def _triage(args: argparse.Namespace) -> int:
    from .aftercare import Report, Treated, triage
    from .intake import load_yaml, validated

    name, content = load_yaml(args.file)
    report = validated(Report, content, name)
    edition = _edition(args)
    if args.plan:
        from .plan import TreatmentPlan

        if report.treatment != Treated():
            raise InputError("--plan", "the report has a treatment of its own", "Give one or the other")
        plan_name, plan = load_yaml(args.plan)
        planned = validated(TreatmentPlan, plan, plan_name)
        history = dict(report.patient)
        if any(finding.rule in _BLEEDING for finding in planned.screening.findings):
            history.setdefault("blood_thinner", True)
        report = report.model_copy(update={"treatment": Treated.of(planned.order), "patient": history})
    done = triage(report, edition, args.language)
    if args.json:
        _print_json(done)
    else:
        from .plan import compose, terminal

        terminal.show(compose.triage_sheet(done, edition))
    return MAY if done.level == "expected" and not done.incomplete else MAY_NOT


def _knowledge(args: argparse.Namespace) -> int:
    from .intake.files import dumps
    from .knowledge import pages
    from .knowledge.check import check
    from .knowledge.library import Library

    edition = _edition(args)
    language: str = args.language
    if args.what == "check":
        report = check(edition, edition.on)
        if args.json:
            _print_json(report)
        else:
            print(f"{report.records} records, {report.positions} positions, {report.sources} sources")
            for fault in (*report.faults, *report.overdue):
                print(f"  fault: {fault}")
            print(f"{len(report.unsourced)} position(s) say 'unsourced': {', '.join(report.unsourced) or 'none'}")
            for name, missing in report.missing_translations.items():
                print(f"{missing} text(s) have no translation into '{name}'")
        return MAY_NOT if report.faults or report.overdue else MAY
    if args.what == "coverage":
        from .knowledge import choices
        from .knowledge.coverage import coverage, summary

        pieces = coverage(edition)
        if args.markdown:
            print(choices.left_out_markdown(edition), end="")
            return MAY
        print(dumps([piece.model_dump(mode="json") for piece in pieces]) if args.json else summary(pieces))
        return MAY_NOT if any(piece.missing for piece in pieces) else MAY
    if args.what == "site":
        from .knowledge.site import write

        written = write(edition, Path(args.out))
        print(dumps({"written": str(written)}) if args.json else f"{written}: open it in a browser")
    elif args.what == "show":
        library = Library(edition, language)
        shown = [library.entries[key].model_dump(mode="json") for key in library.find(args.id)]
        print(dumps(shown if len(shown) > 1 else shown[0]) if args.json else pages.page(edition, args.id, language))
    elif args.what == "list":
        if args.json:
            library = Library(edition, language)
            listed = [library.entries[key] for keys in pages.of_kind(library, args.id).values() for key in keys]
            print(dumps([entry.model_dump(mode="json", exclude_defaults=True) for entry in listed]))
        else:
            print(pages.listing(edition, args.id, language))
    elif args.what == "sources":
        sources = {key: source.model_dump(mode="json") for key, source in edition.sources.items()}
        print(dumps(sources) if args.json else pages.sources(edition))
    elif args.markdown:
        from .knowledge.choices import conflicts_markdown

        print(conflicts_markdown(edition), end="")
    elif args.json:
        print(dumps([c.model_dump(mode="json", exclude_defaults=True) for c in pages.conflicting(edition)]))
    else:
        print(pages.conflicts(edition, language))
    return MAY


def _score(args: argparse.Namespace) -> int:
    from .intake.files import dumps
    from .scales import Score, change, score
    from .values import plain

    edition = _edition(args)
    if not args.file:
        for known in edition.scales.values():
            how = "computed" if known.computed else "not computed"
            print(f"{known.id:<28}{how:<14}{edition.text(known.title, args.language)}")
        return MAY
    name, content = _content(args.file)
    if not isinstance(content, dict) or not content:
        raise InputError(name, "there are no scales in it", "Write scale: items, as in examples/scores.yaml")
    parts = content if set(content) <= {"before", "after"} else {"now": content}
    scores: dict[str, dict[str, Score]] = {}
    for when, scales in parts.items():
        if not isinstance(scales, dict):
            raise InputError(f"{name}, {when}", "there are no scales in it", "Write scale: items")
        scores[when] = {scale: score(scale, items, edition, args.language) for scale, items in scales.items()}
    before, after = scores.get("before", {}), scores.get("after", {})
    changes = {scale: change(before[scale], after[scale]) for scale in before if scale in after}
    if args.json:
        found = {when: {s: v.model_dump(mode="json") for s, v in of.items()} for when, of in scores.items()}
        print(dumps({**found, "changes": {s: c.model_dump(mode="json") for s, c in changes.items()}}))
        return MAY
    for when, of in scores.items():
        for scored in of.values():
            bounds = (
                f", of {plain(scored.low)} to {plain(scored.high)}" if scored.low is not None and scored.high else ""
            )
            label = f": {scored.label}" if scored.label else ""
            more = "".join(f"; {key.replace('_', ' ')} {plain(v)}" for key, v in scored.details.items())
            refs = ", ".join(source.ref for source in scored.sources)
            print(f"{when:<7} {scored.title}: {plain(scored.value)}{bounds}{label}{more} [{refs}]")
    for scale, changed in changes.items():
        way = (
            {True: "better", False: "worse", None: "no direction"}[changed.better] if changed.difference else "the same"
        )
        matters = {True: "an important change", False: "less than what matters", None: "importance not known"}
        percent = f" ({plain(changed.percent)} %)" if changed.percent is not None else ""
        said = matters[changed.important]
        print(f"change  {scale}: {plain(changed.difference)}{percent}, {way}; {said}: {changed.because}")
    return MAY


def schema_kinds() -> Mapping[str, type[Any]]:
    """The kinds of file with a published schema."""
    from .aftercare import Report, Triage
    from .choice import Choice, PriceList
    from .course import Course, Request
    from .formulation import Formulation
    from .injection_map import Fit, InjectionMap
    from .intake import Answers, Order
    from .knowledge import Decision
    from .plan import TreatmentPlan
    from .screening import Screening

    return {
        "answers": Answers, "order": Order, "schedule": Request, "decision": Decision,
        "plan": TreatmentPlan, "screening": Screening, "formulation": Formulation, "course": Course,
        "map": InjectionMap, "fit": Fit, "report": Report, "triage": Triage, "choice": Choice, "prices": PriceList,
    }  # fmt: skip


def _check(args: argparse.Namespace) -> int:
    from .intake.files import dumps

    kinds = schema_kinds()
    if args.schema:
        if args.schema not in kinds:
            raise InputError(f"'{args.schema}'", "no schema is called so", f"Write one of {', '.join(kinds)}")
        print(dumps(kinds[args.schema].model_json_schema()))
        return MAY
    if not args.file:
        raise InputError("nappage check", "no file was named", "Name one, or --schema KIND")
    name, content = _content(args.file)
    edition = _edition(args)
    kind, notes = _checked(name, content, edition)
    if args.json:
        print(dumps({"file": name, "kind": kind, "accepted": not notes, "notes": notes}))
    else:
        print(f"{name}: {kind}, " + ("as it should be." if not notes else "readable; note:"))
        for note in notes:
            print(f"  {note}")
    return MAY_NOT if notes else MAY


def _checked(name: str, content: Any, edition: Edition) -> tuple[str, list[str]]:
    """The kind of a file and what stands in the way of using it. Raises InputError where it is malformed."""
    from . import fhir
    from .injection_map import InjectionMap
    from .intake import Answers, Order, read, validated
    from .plan import TreatmentPlan

    kinds = schema_kinds()
    if fhir.looks_like_bundle(content):
        facts = read(fhir.with_record(Answers(), fhir.to_answers(content, name)), edition, edition.on)
        return "FHIR bundle", [f"not recognised: “{u.quote}” ({u.origin})" for u in facts.unread]
    keys = set(content) if isinstance(content, dict) else set()
    if content and isinstance(content, dict) and content.get("document") == "treatment-plan":
        plan = validated(TreatmentPlan, content, name)
        notes = []
        if plan.edition != edition.fingerprint:
            notes.append(
                f"it was made with edition {plan.edition_version} ({plan.edition}); "
                f"today's is {edition.version} ({edition.fingerprint}). Plan again before it is used."
            )
        return "treatment plan", notes
    if isinstance(content, dict) and content.get("document") == "triage":
        validated(kinds["triage"], content, name)
        return "triage", []
    if keys & {"signs", "all_other_signs", "hours_since", "days_since"}:
        validated(kinds["report"], content, name)
        return "report", []
    if isinstance(content, dict) and content.get("document") == "injection-map":
        drawn = validated(InjectionMap, content, name)
        return "injection map", list(drawn.open)
    if isinstance(content, dict) and content.get("document") == "choice":
        validated(kinds["choice"], content, name)
        return "choice", []
    if "currency" in keys:
        validated(kinds["prices"], content, name).known_in(edition)
        return "price list", []
    for kind, marks in (
        ("screening", {"verdict", "findings", "open_questions"}),
        ("formulation", {"verdict", "ingredients", "draw_up"}),
        ("course", {"verdict", "sessions", "regimen"}),
    ):
        if marks <= keys:
            validated(kinds[kind], content, name)
            return kind, []
    if "decisions" in keys:
        for index, line in enumerate(content["decisions"] or ()):
            validated(kinds["decision"], line, f"{name}, decisions[{index}]")
        return "clinic policy", []
    if keys & {"protocol", "start", "proposed", "constraints", "given"} and not keys & {"patient", "mixture", "areas"}:
        validated(kinds["schedule"], content, name)
        return "schedule", []
    if keys and keys <= set(Order.model_fields):
        content = {"order": content}
    facts = read(validated(Answers, content, name), edition, edition.on)
    notes = [f"not recognised: “{unread.quote}” ({unread.origin})" for unread in facts.unread]
    return "answers", [*notes, *facts.order_gaps]
