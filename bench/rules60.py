"""Sixty rules of the screening kind and patients to read them over, with every engine's own spelling of a rule.

patient   {age, weight, pregnant, breastfeeding, medicines: [{code, days}], conditions: [code], allergies: [code]}
          days since the last dose, 0 while taking; a medicine or condition rule names the first letters of a code
rule      a medicine within so many days (25), a condition (22), an allergy (8), pregnancy, breastfeeding,
          younger, older or lighter than a limit (5)
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any, Literal

from nappage.knowledge import Edition, Rule
from nappage.knowledge.schema import Fact

Kind = Literal["medicine", "condition", "allergy", "flag", "below", "above"]
Patient = dict[str, Any]

CODES = {
    "medicines": ["".join(parts) for parts in product("ABCDGHJLMN", ("01", "03", "05"), "AB", "AC", ("01", "04"))],
    "conditions": [f"{letter}{two:02d}.{one}" for letter, two, one in
                   product("CDEGIKLMNZ", (3, 10, 20, 40, 60, 80), range(5))],
    "allergies": [f"A{number:02d}" for number in range(60)],
}  # fmt: skip

LIMITS = (3, 7, 14, 30, 180)  # in days; some patients are exactly on one


@dataclass(frozen=True)
class Rule60:
    """`word`: the code's beginning, or the fact that is read; `limit`: in days, years or kg."""

    id: str
    kind: Kind
    word: str
    limit: int = 0


def make_rules() -> list[Rule60]:
    pick = random.Random(60)
    medicines, conditions, allergies = (CODES[name] for name in ("medicines", "conditions", "allergies"))
    drawn: list[tuple[Kind, str, int]] = [
        *(
            ("medicine", medicines[n * 9 % 240][: 5 if n % 2 else 3], pick.choice(LIMITS))
            for n in range(25)
        ),
        *(("condition", conditions[n * 13 % 300][:3], 0) for n in range(22)),
        *(("allergy", allergies[n * 5], 0) for n in range(8)),
        ("flag", "pregnant", 0), ("flag", "breastfeeding", 0),
        ("below", "age", 18), ("above", "age", 75), ("below", "weight", 45),
    ]  # fmt: skip
    return [Rule60(f"r{number:02d}", *one) for number, one in enumerate(drawn)]


def make_patients(count: int, seed: int) -> list[Patient]:
    pick = random.Random(seed)

    def some(codes: list[str], counts: list[int]) -> list[str]:
        return [pick.choice(codes) for _ in range(pick.choice(counts))]

    def one() -> Patient:
        may_be_pregnant = pick.random() < 0.7
        return {
            "age": pick.randint(14, 90),
            "weight": pick.randint(38, 120),
            "pregnant": may_be_pregnant and pick.random() < 0.04,
            "breastfeeding": may_be_pregnant and pick.random() < 0.04,
            "medicines": [
                {"code": code, "days": pick.choice([0, 0, 2, 5, 10, 20, 60, 700, *LIMITS])}
                for code in some(CODES["medicines"], [0, 1, 2, 4, 6, 9])
            ],
            "conditions": some(CODES["conditions"], [0, 1, 2, 3, 6]),
            "allergies": some(CODES["allergies"], [0, 0, 0, 1, 2]),
        }

    return [one() for _ in range(count)]


# --- Ours: an edition of these rules, and the facts of a patient as intake would give them ---


def edition(base: Edition, rules: list[Rule60]) -> Edition:
    """Our edition with these rules and their facts in place of its own."""
    facts: dict[str, Fact] = {}
    kinds = {"medicines": "list", "conditions": "list", "allergies": "list", "age": "number", "weight": "number"}
    kinds |= {"pregnant": "boolean", "breastfeeding": "boolean"}
    kinds |= {f"days_{rule.word.lower()}": "number" for rule in rules if rule.kind == "medicine"}
    for name, kind in kinds.items():
        facts[name] = Fact(type=kind, title=name, topic="patient", derive={})
    return replace(base, facts=facts, rules={rule.id: _record(rule) for rule in rules})


def when(rule: Rule60) -> str:
    """The rule in our condition language."""
    return {
        "medicine": f"'{rule.word}' in medicines and days_{rule.word.lower()} <= {rule.limit}",
        "condition": f"'{rule.word}' in conditions",
        "allergy": f"'{rule.word}' in allergies",
        "flag": rule.word,
        "below": f"{rule.word} < {rule.limit}",
        "above": f"{rule.word} > {rule.limit}",
    }[rule.kind]


def _record(rule: Rule60) -> Rule:
    position = {"id": "only", "says": "precaution", "when": when(rule), "grade": "proposal",
                "source": [{"ref": "NAPPAGE"}]}  # fmt: skip
    return Rule.model_validate({
        "id": rule.id, "title": rule.id, "topic": "conditions", "positions": [position], "adopts": "only",
        "because": "made up", "review_by": date(2030, 1, 1), "do": "ask", "tell": "ask",
        "examples": [{"given": {}, "expect": "ask"}],
    })  # fmt: skip


class Reader:
    """A patient's codes → the flat row of facts: which of the words that rules ask for, and days since each."""

    def __init__(self, rules: list[Rule60]) -> None:
        self.words = _Words({rule.word for rule in rules if rule.kind == "medicine"})

    def row(self, patient: Patient) -> dict[str, Any]:
        medicines: list[str] = []
        row = patient | {"medicines": medicines, "conditions": [code[:3] for code in patient["conditions"]]}
        for medicine in patient["medicines"]:
            for word, fact in self.words[medicine["code"]]:
                days = medicine["days"]
                medicines.append(word)
                row[fact] = min(days, row[fact]) if fact in row else days
        return row


class _Words(dict[str, tuple[tuple[str, str], ...]]):
    """Code → the words it begins with that rules ask for, each with its fact; found once for each code."""

    def __init__(self, asked: set[str]) -> None:
        self.asked = asked

    def __missing__(self, code: str) -> tuple[tuple[str, str], ...]:
        found = self[code] = tuple((word, f"days_{word.lower()}") for word in self.asked if code.startswith(word))
        return found


def exact(patient: Patient) -> Patient:
    """The patient with numbers as our readers of files give them."""
    medicines = [{**medicine, "days": Decimal(medicine["days"])} for medicine in patient["medicines"]]
    return {**patient, "age": Decimal(patient["age"]), "weight": Decimal(patient["weight"]), "medicines": medicines}


# --- The peers ---


def zen_expression(rule: Rule60) -> str:
    return {
        "medicine": f"some(medicines, startsWith(#.code, '{rule.word}') and #.days <= {rule.limit})",
        "condition": f"some(conditions, startsWith(#, '{rule.word}'))",
        "allergy": f"'{rule.word}' in allergies",
        "flag": rule.word,
        "below": f"{rule.word} < {rule.limit}",
        "above": f"{rule.word} > {rule.limit}",
    }[rule.kind]


def zen_table(rules: list[Rule60]) -> dict[str, Any]:
    """One decision table that collects the ids of all rules that hold."""
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": "when", "name": "rule"}],
        "outputs": [{"id": "hit", "name": "id", "field": "id"}],
        "rules": [{"_id": rule.id, "when": zen_expression(rule), "hit": f"'{rule.id}'"} for rule in rules],
    }
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "name": "patient", "type": "inputNode"},
            {"id": "table", "name": "rules", "type": "decisionTableNode", "content": table},
            {"id": "out", "name": "hits", "type": "outputNode"},
        ],
        "edges": [
            {"id": "1", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "2", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }


def json_rules(rules: list[Rule60]) -> list[dict[str, Any]]:
    """For json-rules-engine. `medicineWithin` and `anyStartsWith` are two operators that peers.cjs adds to it."""

    def condition(rule: Rule60) -> dict[str, Any]:
        fact, operator, value = {
            "medicine": ("medicines", "medicineWithin", {"word": rule.word, "days": rule.limit}),
            "condition": ("conditions", "anyStartsWith", rule.word),
            "allergy": ("allergies", "contains", rule.word),
            "flag": (rule.word, "equal", True),
            "below": (rule.word, "lessThan", rule.limit),
            "above": (rule.word, "greaterThan", rule.limit),
        }[rule.kind]
        return {"fact": fact, "operator": operator, "value": value}

    return [{"event": {"type": rule.id}, "conditions": {"all": [condition(rule)]}} for rule in rules]


def elm(rules: list[Rule60]) -> dict[str, Any]:
    """A CQL library in its compiled form, one expression a rule over a parameter that holds the patient."""
    patient = {"type": "ParameterRef", "name": "P"}

    def literal(type_: str, value: Any) -> dict[str, Any]:
        return {"type": "Literal", "valueType": f"{{urn:hl7-org:elm-types:r1}}{type_}", "value": str(value)}

    def of(path: str) -> dict[str, Any]:
        return {"type": "Property", "path": path, "source": patient}

    def starts(what: dict[str, Any], word: str) -> dict[str, Any]:
        return {"type": "StartsWith", "operand": [what, literal("String", word)]}

    def exists(path: str, where: dict[str, Any]) -> dict[str, Any]:
        source = [{"alias": "X", "expression": of(path)}]
        return {"type": "Exists", "operand": {"type": "Query", "source": source, "relationship": [], "where": where}}

    def expression(rule: Rule60) -> dict[str, Any]:
        match rule.kind:
            case "medicine":
                code, days = ({"type": "Property", "path": path, "scope": "X"} for path in ("code", "days"))
                within = {"type": "LessOrEqual", "operand": [days, literal("Integer", rule.limit)]}
                return exists("medicines", {"type": "And", "operand": [starts(code, rule.word), within]})
            case "condition":
                return exists("conditions", starts({"type": "AliasRef", "name": "X"}, rule.word))
            case "allergy":
                return {"type": "In", "operand": [literal("String", rule.word), of("allergies")]}
            case "flag":
                return of(rule.word)
        compare = {"below": "Less", "above": "Greater"}[rule.kind]
        return {"type": compare, "operand": [of(rule.word), literal("Integer", rule.limit)]}

    statements = [
        {"name": rule.id, "context": "Unfiltered", "accessLevel": "Public", "expression": expression(rule)}
        for rule in rules
    ]
    return {
        "library": {
            "identifier": {"id": "Rules", "version": "1"},
            "schemaIdentifier": {"id": "urn:hl7-org:elm", "version": "r1"},
            "usings": {"def": [{"localIdentifier": "System", "uri": "urn:hl7-org:elm-types:r1"}]},
            "parameters": {"def": [{"name": "P", "accessLevel": "Public"}]},
            "statements": {"def": statements},
        }
    }
