"""Names as people write them, and names and codes of records: what is recognised, and is it right?

The list was compiled from public sources by someone who has not seen the dictionary (`tests/concepts_names.csv`:
kind, name, is, class, country, source). `is` says what a name means, substances joined by +; a row without it is
nonsense and must not be recognised. Everything is read as the intake reads it, as one line of its list.
"""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from nappage.intake.concepts import Dictionary, Line, plain
from nappage.knowledge import load

ROOT = Path(__file__).parents[1]
NAMES = ROOT / "tests" / "concepts_names.csv"
BUNDLES = ROOT / "tests" / "data" / "fhir-sample"
# Kind of a row → the list it is read in; a name that its own list lacks is looked up in the second, as the intake does.
TOPICS = {
    "medicine": ("medications",),
    "supplement": ("medications",),
    "skincare": ("medications",),
    "condition": ("conditions", "procedures"),
    "allergen": ("allergies", "medications"),
    "nonsense": ("medications", "conditions"),  # foods are allergens
}
KINDS = {"medications": "medicines", "conditions": "conditions", "allergies": "allergens", "procedures": "procedures"}
# A class as the list names it → the concepts of which one must be reached.
CLASSES = {
    "antidiabetic": "glucose-lowering insulin",
    "ssri-snri": "ssri snri serotonergic-antidepressant",
    "steroid-oral": "corticosteroid",
    "steroid-topical": "corticosteroid",
    "retinoid-oral": "retinoid",
    "retinoid-topical": "retinoid",
    "hormone": "oestrogen progestogen hormonal-contraceptive endocrine-therapy androgen testosterone antiandrogen",
    "thyroid": "levothyroxine liothyronine thyroid-hormone antithyroid carbimazole propylthiouracil",
    "supplement-bleeding": "bleeding-supplement",
    "salicylate": "salicylate aspirin",
    "antiarrhythmic": "antiarrhythmic-1 antiarrhythmic-3 class-of-antiarrhythmics",
    "glp1": "glp1-agonist",
    "finasteride": "finasteride five-alpha-reductase-inhibitor",
    "chemotherapy": "antineoplastic",
    "antiseptic": "chlorhexidine povidone-iodine iodine alcohol antiseptic",
    "small-molecule-immune": "jak-inhibitor immunosuppressant",
}
SYSTEMS = {
    "http://snomed.info/sct": "snomed",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd10",
}


class Reader:
    def __init__(self) -> None:
        self.edition = load(date(2026, 11, 25))

    def dictionary(self, topic: str) -> Dictionary:
        return Dictionary.of(self.edition, KINDS[topic])

    def line(self, text: str, kind: str) -> tuple[Line, str]:
        """What a name is read as, and in which list; the first list that knows it without guessing, else any."""
        lines = [(self.dictionary(topic).line(text, {}, topic), topic) for topic in TOPICS[kind]]
        sure = [pair for pair in lines if pair[0].parts and not any(part.guess for part in pair[0].parts)]
        return next(iter(sure or [pair for pair in lines if pair[0].parts] or lines))

    def meant(self, row: dict[str, str]) -> list[frozenset[str]]:
        """For each substance or thing that a row means, the concepts that say it."""
        out = []
        for name in row["is"].split("+"):
            ids = frozenset()
            for topic in TOPICS[row["kind"]]:
                ids = ids or self.dictionary(topic).recognise(name).own
            out.append(ids or frozenset({plain(name).replace(" ", "-")}))
        return out


def judged(reader: Reader, row: dict[str, str]) -> dict[str, bool]:
    """How one row was read. `silent`: a class that matters was missed and nothing is asked."""
    line, topic = reader.line(row["name"], row["kind"])
    dictionary = reader.dictionary(topic)
    every = frozenset().union(*(part.concepts for part in line.parts))
    left = frozenset().union(*(kind for part in line.parts for kind in part.may_be))
    guess = any(part.guess for part in line.parts)
    if row["kind"] == "nonsense":
        return {"recognised": bool(every - {"healthy"}) and not guess, "guess": guess}
    meant = reader.meant(row)
    wanted = frozenset(CLASSES.get(row["class"], row["class"]).split())
    in_class = row["class"] == "none" or bool(every & wanted) or bool(every & {i for ids in meant for i in ids})
    expected = frozenset().union(*(dictionary.closure(i) for ids in meant for i in ids))
    strangers = {
        i
        for i in every - expected
        if not any(i in dictionary.closure(j) and j not in {i} for j in every)
        and not any(ids & dictionary.closure(i) for ids in meant)
    }
    asked = bool(line.unread) or guess or any(part.known for part in line.parts)
    recognised = bool(line.parts)
    return {
        "recognised": recognised,
        "all": recognised and all(ids & every for ids in meant),
        "guess": guess,
        "right": recognised and not strangers,
        "class": in_class and recognised,
        "asked": asked,
        "open": bool(left & wanted),
        "silent": row["class"] != "none" and recognised and not in_class and not asked and not left & wanted,
    }


def of_bundles() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Topic, text and codes of every medicine, condition and allergy of the sample bundles, each once."""
    seen = set()
    for path in sorted(BUNDLES.glob("*.json.gz")):
        for entry in json.loads(gzip.decompress(path.read_bytes()))["entry"]:
            resource = entry["resource"]
            topic, concept = {
                "Condition": ("conditions", resource.get("code")),
                "AllergyIntolerance": ("allergies", resource.get("code")),
                "MedicationRequest": ("medications", resource.get("medicationCodeableConcept")),
            }.get(resource["resourceType"], ("", None))
            if concept:
                codes = {SYSTEMS[c["system"]]: c["code"] for c in concept.get("coding", ()) if c["system"] in SYSTEMS}
                text = concept.get("text") or next((c.get("display", "") for c in concept.get("coding", ())), "")
                key = (topic, text, *codes.items())
                if key not in seen:
                    seen.add(key)
                    yield topic, text, codes


def share(part: int, whole: int) -> str:
    return f"{part / whole:.1%} ({part} of {whole})" if whole else "–"


def run(rows: list[dict[str, str]] | None = None) -> list[str]:
    reader = Reader()
    if rows is None:
        rows = list(csv.DictReader(NAMES.open(encoding="utf-8")))
    reader.line("warfarin", "medicine")  # the tables are read before the clock starts
    started = time.process_time()
    results = [(row, judged(reader, row)) for row in rows]
    spent = time.process_time() - started
    named = [(row, got) for row, got in results if row["kind"] != "nonsense"]
    by_kind: dict[str, list[dict[str, bool]]] = defaultdict(list)
    for row, got in named:
        by_kind[row["kind"]].append(got)
        by_kind["all"].append(got)
    lines = [
        f"{len(named)} names and {len(results) - len(named)} that are nonsense; {spent / len(rows) * 1000:.1f} ms each",
        "",
        "| kind | names | recall: every substance | of these by a guess that is shown | class reached | precision |",
        "|---|---|---|---|---|---|",
    ]
    for kind, got in by_kind.items():
        found, whole = [g for g in got if g["recognised"]], [g for g in got if g["all"]]
        lines.append(
            f"| {kind} | {len(got)} | {share(len(whole), len(got))} | {sum(g['guess'] for g in whole)} | "
            f"{share(sum(g['class'] for g in got), len(got))} | {share(sum(g['right'] for g in found), len(found))} |"
        )
    nonsense = [got for row, got in results if row["kind"] == "nonsense"]
    lines += [
        "",
        f"Nonsense taken for something: {sum(g['recognised'] for g in nonsense)} of {len(nonsense)}, through a guess "
        f"that is shown {sum(g['guess'] for g in nonsense)}. A class missed with nothing asked: "
        f"{sum(g['silent'] for _, g in named)}. Not recognised, and therefore asked about: "
        f"{sum(not g['recognised'] for _, g in named)}.",
        "",
        "| class | names | reached |",
        "|---|---|---|",
    ]
    classes = Counter(row["class"] for row, _ in named)
    for name, count in classes.most_common():
        if name != "none":
            reached = sum(got["class"] for row, got in named if row["class"] == name)
            lines.append(f"| {name} | {count} | {share(reached, count)} |")
    lines += ["", "| in the sample bundles | different | by code | by words alone |", "|---|---|---|---|"]
    entries = list(of_bundles())
    for topic in ("medications", "conditions", "allergies"):
        mine = [(text, codes) for t, text, codes in entries if t == topic]
        dictionary = reader.dictionary(topic)
        coded = sum(bool(dictionary.recognise("", codes).concepts) for _, codes in mine)
        worded = sum(bool((got := dictionary.line(text, {}, topic)).parts) and not got.unread for text, _ in mine)
        lines.append(f"| {topic} | {len(mine)} | {share(coded, len(mine))} | {share(worded, len(mine))} |")
    return lines


def misses(rows: list[dict[str, str]] | None = None) -> Iterator[str]:
    """Every row that is not wholly right, for the reader: `python -c "import concepts_bench as c; …"`."""
    reader = Reader()
    for row in rows or csv.DictReader(NAMES.open(encoding="utf-8")):
        got = judged(reader, row)
        if row["kind"] == "nonsense":
            if got["recognised"] or got["guess"]:
                yield f"{row['name']}: nonsense, taken for something"
        elif not (got["all"] and got["right"] and got["class"]):
            yield f"{row['name']} ({row['is']}, {row['class']}): {', '.join(k for k, v in got.items() if v)}"


if __name__ == "__main__":
    print("\n".join(misses()))
