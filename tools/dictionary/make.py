"""`python make.py RAW OUT`: public lists of medicines → one small table a source for `src/nappage/intake/data`.

RAW holds the lists as README.md names them. Every table has one line for each composition:
`substance+substance<TAB>name|name~route|…`, all words as `nappage.intake.concepts.plain` writes them.
`substances.tsv` says which ATC codes each substance has. Nothing here runs when nappage does.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import openpyxl
from wordfreq import zipf_frequency

from nappage.intake.concepts import abroad, plain
from nappage.intake.words import MAKERS, ordinary
from nappage.knowledge import load

HERE = Path(__file__).parent


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SALTS = words("""
    hydrochloride dihydrochloride hydrochlorothiazid sodium disodium trisodium potassium calcium magnesium zinc
    maleate succinate tartrate citrate acetate diacetate phosphate diphosphate sulfate sulphate hydrobromide
    bitartrate monohydrate dihydrate trihydrate hemihydrate sesquihydrate pentahydrate heptahydrate anhydrous
    hydrate mesylate mesilate dimesylate fumarate besylate besilate tosylate tosilate bromide chloride iodide
    nitrate mononitrate propionate dipropionate valerate butyrate pivalate furoate hexanoate enanthate decanoate
    palmitate pamoate embonate cypionate caproate undecanoate undecylenate stearate estolate ethylsuccinate
    lactobionate gluconate lactate malate oxalate benzoate salicylate etabonate medoxomil axetil proxetil
    cilexetil pivoxil dipivoxil disoproxil alafenamide hydroxide oxide carbonate bicarbonate ascorbate aspartate
    glycinate lysine arginine meglumine tromethamine trometamol olamine diethylamine erbumine tert butylamine
    monohydrochloride hydrogen hemifumarate hemisuccinate camsylate edisylate esylate esilate napsylate xinafoate
    isethionate teoclate acistrate form base bisulfate bisulphate hyclate ethanolate difumarate nafate
    microcrystalline ultramicrocrystalline microsize ultramicrosize diolamine epolamine trifenatate
    hemiheptahydrate tetraphosphate polistirex resin complex s l n d terephthalate adipate saccharate digluconate
    biphosphate as and usp bp micronized recombinant human synthetic purified extract sulfonate napadisilate
    ditosylate phosphonate orotate chlorhydrate dichlorhydrate sodique disodique potassique calcique magnesique
    zincique bromhydrate anhydre chlorure bromure de du la le micronise solution glycol propylene
    hydrogenosuccinate hydrogenotartrate""")
UNITS = words("""
    mg mcg ug g gm gr ml l iu ui usp bp meq mmol mol percent pourcent pct hr hrs heures h mbq kbq unit units unites
    microgrammes milligrammes microgramme milligramme per pour cent cent dose doses dosis million millions cfu au pfu nf
    eq ph eur cmu""")
FORMS = words("""
    tablet tablets tab tabs capsule capsules cap caps caplet caplets liqui gels gel gelcap gelcaps geltab softgel
    softgels liq liquid syrup sirop elixir drops drop gouttes suspension susp solution sol soln injection inj injectable
    cream creme crm ointment ont oint lotion lot powder pwr pws poudre comprime comprimes pellicule pellicules enrobe
    enrobes secable effervescent effervescente gelule gelules sachet sachets suppository suppositories sup supp
    suppositoire suppositoires spray collyre pommade film coated sr er cr xr xl la sa dr ec odt chewable chewables chew
    orodispersible dispersible kit pack inhaler diskus turbuhaler respimat vial ampoule amp pen prefilled syringe
    perfusion infusion iv im sc buvable granules granule lozenge lozenges pastilles pastille gomme gum shampoo foam
    mousse emulsion enteric extended delayed release retard lp prolongee liberation adulte adultes adults nourrisson
    nourrissons enfant enfants child pediatric paediatric preservative free in plastic container with sterile plain
    oral orale topical nasal ophthalmic otic vaginal rectal usage externe concentrate for a diluer solvant et the and
    patch patches transdermal system dispositif transdermique inhalation nebuliser seringue preremplie stylo""")
ROUTES = (
    ("oral", "o"), ("orale", "o"), ("buccal", "o"), ("buccale", "o"), ("nasogastric", "o"),
    ("sublingual", "l"), ("sublinguale", "l"), ("transmucosal", "l"),
    ("topical", "t"), ("cutanee", "t"), ("dental", "t"), ("dentaire", "t"), ("gingivale", "t"), ("scalp", "t"),
    ("ophthalmic", "e"), ("ophtalmique", "e"), ("otic", "e"), ("auriculaire", "e"), ("intravitreal", "e"),
    ("intravitreenne", "e"), ("inhalation", "h"), ("inhalee", "h"), ("nasal", "h"), ("nasale", "h"),
    ("transdermal", "p"), ("transdermique", "p"), ("vaginal", "v"), ("vaginale", "v"), ("rectal", "r"),
    ("rectale", "r"), ("intravenous", "j"), ("intraveineuse", "j"), ("injection", "j"), ("subcutaneous", "j"),
    ("sous cutanee", "j"), ("intramuscular", "j"), ("intramusculaire", "j"), ("infiltration", "j"), ("epidural", "j"),
)  # fmt: skip


# Written among the substances, but none.
NOISE = words("""
    inactivated adjuvanted adsorbed component live buffer nasal solution oral recombinant c d y pf hydroxyde hydrogen
    haptens prepared attenuated proteine 11 16 18 6 31 33 sealer alcohol hydrate s de""") | {
    "prepared in cell cultures",
    "prepared in cell culture",
    "buffer solution",
    "solution de",
    "sealer protein",
}


class Product(NamedTuple):
    """One line of a list: its name, its substances as written there, its ATC code, its routes."""

    name: str
    substances: tuple[str, ...]
    atc: str
    routes: frozenset[str]


def routes_of(words: str) -> frozenset[str]:
    said = f" {plain(words)} "
    return frozenset(letter for word, letter in ROUTES if f" {word} " in said)


def canada(raw: Path) -> Iterator[Product]:
    for part in ("allfiles", "allfiles_ap", "allfiles_dr"):
        end = part.removeprefix("allfiles")

        def rows(name: str, part: str = part, end: str = end) -> list[list[str]]:
            return list(csv.reader((raw / "ca" / part / f"{name}{end}.txt").open(encoding="utf-8", errors="replace")))

        substances, routes, atc = defaultdict(list), defaultdict(list), {}
        for row in rows("ingred"):
            substances[row[0]].append(row[2])
        for row in rows("route"):
            routes[row[0]].append(row[2])
        for row in rows("ther"):
            atc[row[0]] = row[1]
        for row in rows("drug"):
            if row[2] == "Human":
                code = atc.get(row[0], "")
                yield Product(row[4], tuple(substances[row[0]]), code, routes_of(" ".join(routes[row[0]])))


def france(raw: Path) -> Iterator[Product]:
    atc = {}
    for line in (raw / "CIS_MITM.txt").open(encoding="utf-8", errors="replace"):
        cells = line.rstrip("\n").split("\t")
        atc[cells[0]] = cells[1]
    parts: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for line in (raw / "CIS_COMPO_bdpm.txt").open(encoding="utf-8", errors="replace"):
        cells = line.rstrip("\n").split("\t")
        # The moiety (FT) says it better than the salt (SA) that it comes as; both carry the same number.
        kept = parts[cells[0]].get(cells[7])
        if kept is None or (cells[6] == "FT" and kept[1] == "SA"):
            parts[cells[0]][cells[7]] = (cells[3], cells[6])
    for line in (raw / "CIS_bdpm.txt").open(encoding="utf-8", errors="replace"):
        cells = line.rstrip("\n").split("\t")
        if "homéo" in cells[5] or "homéo" in cells[1]:
            continue
        substances = tuple(dict.fromkeys(name for name, _ in parts[cells[0]].values()))
        if not any("HOMÉOPATHIQUES" in s for s in substances):
            yield Product(cells[1].split(",")[0], substances, atc.get(cells[0], ""), routes_of(cells[3]))


def united_states(raw: Path) -> Iterator[Product]:
    lines = (raw / "Products.txt").read_text("utf-8", errors="replace").splitlines()[1:]
    for line in lines:
        cells = line.split("\t")
        yield Product(cells[5], tuple(re.split(r";\s*", cells[6])), "", routes_of(cells[2].partition(";")[2]))


def europe(raw: Path) -> Iterator[Product]:
    sheet = openpyxl.load_workbook(raw / "ema.xlsx", read_only=True).active
    for row in sheet.iter_rows(values_only=True, min_row=10):
        if row[0] == "Human" and row[1]:
            substance = row[6] or row[7] or ""
            yield Product(str(row[1]), tuple(re.split(r"\s*[,/;]\s*|\s+and\s+", substance)), row[11] or "", frozenset())


_INVERTED = re.compile(r"^([^(]+?)\s*\(([^)]*?)\s*\b(?:DE|DU|D['’])\s*\)", re.I)
_FRENCH_ACID = re.compile(r"^(?:([^(]+?)\s*\(ACIDE\)|ACIDE\s+([^(]+))", re.I)
METALS = ("sodium", "potassium", "calcium", "magnesium", "zinc", "aluminium", "fer", "lithium", "cuivre", "argent")


def bare(substance: str) -> str:
    """A substance without its salt and what stands in brackets: 'Tramadol (tramadol hydrochloride)' → 'tramadol',
    'SODIUM (VALPROATE DE)' → 'valproate', 'ASCORBIQUE (ACIDE)' → 'ascorbic acid'."""
    if acid := _FRENCH_ACID.match(substance):
        words = plain(acid[1] or acid[2]).split()
        return " ".join([re.sub(r"ique$", "ic", words[0]), "acid"])
    if inverted := _INVERTED.match(substance):
        metal = plain(inverted[1]).split()[:1]
        substance = f"{inverted[2]} {inverted[1]}" if metal and metal[0] in METALS else inverted[1]
    substance = re.sub(r"\b[dDlL]['’]", " ", substance)
    head = substance.split("(")[0] or substance
    words = plain(head.split("/")[0]).split()
    kept = [w for w in words if w not in SALTS and not w.isdigit()] or words
    if len(words) > 1 and words[0] in ("sodium", "potassium", "calcium", "magnesium", "zinc"):
        kept = words  # sodium chloride is no chloride
    return " ".join(kept)


def cut(name: str) -> str:
    """A product's name without strength and form: 'ADVIL COLD TAB 200MG' → 'advil cold'."""
    name = re.sub(r"\d[\d.,]*\s*(%|mg|mcg|g|ml|iu|ui|µg|microgrammes?|units?)\b[^ ]*", " ", name, flags=re.I)
    words = [w for w in plain(name.split("(")[0]).split() if w not in UNITS and not re.fullmatch(r"\d+[a-z]{0,4}", w)]
    while words and words[-1] in FORMS:
        words.pop()
    while words and words[0] in FORMS and words[0] not in ("gel",):
        words.pop(0)
    return " ".join(words)


class Substances:
    """Names of substances in several spellings → one name, by the ATC codes of the products that hold them alone."""

    def __init__(self, lists: dict[str, list[Product]], own: list[list[str]], drugbank: dict[str, tuple[str, ...]]):
        self.name_of: dict[str, str] = {}
        self.atc: dict[str, set[str]] = defaultdict(set)
        self.hinted: set[str] = set()
        by_code: dict[str, Counter[str]] = defaultdict(Counter)
        alone = [(s, p) for s in ("ca", "eu", "fr") for p in lists[s] if len(p.substances) == 1 and len(p.atc) == 7]
        for source, product in alone:
            if source != "fr":
                by_code[product.atc][bare(product.substances[0])] += 1
        spoken: dict[str, Counter[str]] = defaultdict(Counter)
        for _, product in alone:
            if product.atc in by_code:
                name = by_code[product.atc].most_common(1)[0][0]
                spoken[bare(product.substances[0])][name] += 1
        for spelling, names in spoken.items():
            self.name_of[spelling] = names.most_common(1)[0][0]
        self.spoken = dict(self.name_of)
        for canonical, synonyms in drugbank.items():
            known = {self.name_of[s] for s in (canonical, *synonyms) if s in self.name_of}
            target = known.pop() if len(known) == 1 else canonical
            for spelling in (canonical, *synonyms):
                self.name_of.setdefault(spelling, target)
        for codes, names in own:
            for name, *others in (entry.split("=") for entry in names.split("|")):
                name = self.name_of.get(name, name)
                self.name_of.update(dict.fromkeys((name, *others), name))
                self.atc[name] |= set(codes.split(","))
                self.hinted.add(name)
        self.abroad = {abroad(name): name for name in sorted(self.name_of.values(), reverse=True)}
        for _, product in alone:
            name = self.of(product.substances[0])
            if name not in self.hinted:
                self.atc[name].add(product.atc)

    def of(self, substance: str) -> str:
        spelling = bare(substance)
        for form in (spelling, plain(substance.split("(")[0])):
            if form in self.name_of:
                name = self.name_of[form]
                return self.name_of.get(name, name)
        return self.abroad.get(abroad(spelling), spelling)


def drugbank(raw: Path) -> dict[str, tuple[str, ...]]:
    out = {}
    for row in csv.DictReader((raw / "drugbank.csv").open(encoding="utf-8")):
        synonyms = [plain(s) for s in row["Synonyms"].split(" | ") if s and not re.search(r"\d|[(),]", s)]
        out[plain(row["Common name"])] = tuple(s for s in synonyms if s and len(s.split()) <= 3)
    return out


def read_own(name: str) -> list[list[str]]:
    return [
        line.split("\t") for line in (HERE / name).read_text("utf-8").splitlines() if line and not line.startswith("#")
    ]


def common(name: str) -> bool:
    """Whether a single word is an everyday one of a language in which patients write."""
    if " " in name:
        return False
    return (
        ordinary(name, "medications")
        or zipf_frequency(name, "en") >= 3.0
        or any(zipf_frequency(name, lang) >= 3.4 for lang in ("fr", "es", "de", "it", "pt", "nl"))
    )


def main(raw: Path, out: Path) -> None:
    lists = {
        "ca": list(canada(raw)), "fr": list(france(raw)), "eu": list(europe(raw)), "us": list(united_states(raw)),
    }  # fmt: skip
    synonyms = drugbank(raw)
    own_substances = read_own("substances.tsv")
    own_names = [("own", row) for row in (*read_own("names.tsv"), *read_own("names-abroad.tsv"))]
    keep = {row[0] for row in read_own("keep.tsv")}
    drop = {row[0] for row in read_own("drop.tsv")}
    edition = load(date.today())
    for kind in (edition.conditions, edition.procedures, edition.events, edition.skin_states):
        drop |= {plain(name) for concept in kind.values() for name in (*concept.names, *concept.brands)}
        drop |= {concept_id.replace("-", " ") for concept_id in kind}
    substances = Substances(lists, own_substances, synonyms)

    # Name → source → compositions and routes. A name cut short is kept only where it always means the same.
    full: dict[str, dict[str, set[tuple[str, ...]]]] = defaultdict(lambda: defaultdict(set))
    short: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    short_source: dict[str, set[str]] = defaultdict(set)
    routes: dict[str, set[str]] = defaultdict(set)
    used: Counter[str] = Counter()
    for source, products in lists.items():
        for product in products:
            parts = tuple(sorted({substances.of(s) for s in product.substances if s.strip()} - NOISE - {""}))
            if not parts or len(parts) > 12 or any(len(p) > 60 for p in parts):
                continue
            used.update(parts)
            words = cut(product.name).split()
            while words and words[0] in MAKERS and len(words) > 1:
                words.pop(0)
            while len(words) > 1 and words[-1] in MAKERS:
                words.pop()
            name = " ".join(words)
            if max(map(len, words), default=0) < 3 or len(words) > 4 or name.isdigit() or substances.of(name) in parts:
                continue
            if any(p in name for p in parts):  # 'ramipril hctz': the substance is read by itself
                continue
            full[name][source].add(parts)
            routes[name] |= product.routes or {"?"}
            while len(words) > 1 and (ordinary(words[-1], "medications") or words[-1] in FORMS):
                words.pop()
                base = " ".join(words)
                short[base].add(parts)
                short_source[base].add(source)
                routes[base] |= product.routes or {"?"}
    for base, compositions in short.items():
        if base not in full and len(compositions) == 1 and max(map(len, base.split())) > 2:
            full[base][min(short_source[base])] |= compositions

    rank = ["eu", "ca", "us", "fr"]
    tables: dict[str, dict[tuple[str, ...], list[str]]] = {s: defaultdict(list) for s in (*rank, "own", "cc0")}
    dropped, apart, against = [], [], []
    taken: dict[str, tuple[str, ...]] = {}
    for source, row in own_names:
        parts = tuple(sorted(substances.of(part) for part in row[0].split("+")))
        used.update(parts)
        forms = {abroad(word) for part in (*parts, row[0]) for word in plain(part).split()}
        for name in row[1].split("|"):
            listed = set().union(*full[name].values()) if name in full else set()
            if name in drop or (common(name) and name not in keep):
                dropped.append((name, {"own": {parts}}))
            elif listed and parts not in listed:  # it stands for both
                against.append((name, {parts} | listed))
                full[name][source].add(parts)
            elif not forms & {abroad(word) for word in name.split()}:  # else the substance is read by itself
                tables[source][parts].append(name + (f"~{row[2]}" if len(row) > 2 else ""))
                taken[name] = parts
    for name, by_source in sorted(full.items()):
        if name in taken:
            continue
        if name in drop or (common(name) and name not in keep):
            dropped.append((name, by_source))
            continue
        base = name.split()
        while len(base) > 1 and ordinary(base[-1], "medications"):
            base.pop()
        source = next(s for s in (*rank, "own") if s in by_source)
        compositions = set().union(*by_source.values())
        if len(compositions) > 1:
            apart.append((name, compositions))
        parts = tuple(sorted(set().union(*compositions)))
        head = " ".join(base)
        same = head != name and head in full and set().union(*full[head].values()) == {parts}
        if same and head not in drop and not (common(head) and head not in keep):
            continue
        route = routes[name]
        tables[source][parts].append(name + (f"~{next(iter(route))}" if len(route) == 1 and "?" not in route else ""))
        taken[name] = parts

    # Spellings of the substances themselves, in other languages: DrugBank's open vocabulary.
    for canonical, spellings in synonyms.items():
        target = substances.name_of.get(canonical, canonical)
        if not used[target] and target not in substances.atc:
            continue
        for spelling in dict.fromkeys((canonical, *spellings)):
            if spelling != target and spelling not in taken and 4 < len(spelling) < 40 and spelling not in drop:
                if abroad(spelling) == abroad(target):
                    continue  # another language's form, which is read without a table, or a misspelling
                if common(spelling) and spelling not in keep:
                    dropped.append((spelling, {"cc0": {(target,)}}))
                    continue
                tables["cc0"][(target,)].append(spelling)
                taken[spelling] = (target,)
    for spelling, target in substances.spoken.items():
        new = spelling not in taken and spelling not in drop and abroad(spelling) != abroad(target)
        if new and 4 < len(spelling) < 40 and not common(spelling):
            tables["ca"][(target,)].append(spelling)
            taken[spelling] = (target,)

    said = [name for _, row in own_names for name in row[1].split("|")]
    print("by hand", len(said), "of which in a list", sum(n in full for n in said), "and not the same", len(against))
    out.mkdir(parents=True, exist_ok=True)
    names = {
        "eu": "europe",
        "ca": "canada",
        "us": "united-states",
        "fr": "france",
        "cc0": "drugbank",
        "own": "by-hand",
    }
    for source, table in tables.items():
        lines = ["+".join(parts) + "\t" + "|".join(sorted(set(found))) for parts, found in sorted(table.items())]
        (out / f"{names[source]}.tsv").write_text("\n".join(lines) + "\n", "utf-8")
        print(names[source], len(lines), sum(len(v) for v in table.values()), "names")
    named = {p for table in tables.values() for parts in table for p in parts}
    lines = []
    for substance in sorted(named | {s for s in substances.atc if used[s] or s in substances.hinted}):
        if substance in drop or (common(substance) and substance not in keep and not substances.atc.get(substance)):
            dropped.append((substance, {"substance": set()}))
            continue
        lines.append(substance + "\t" + ",".join(sorted(substances.atc.get(substance, ()))))
    (out / "substances.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    print("substances", len(lines), "without a code", sum(line.endswith("\t") for line in lines))
    review = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    if review:
        review.mkdir(exist_ok=True)
        (review / "dropped.txt").write_text("\n".join(f"{n}\t{dict(w)}" for n, w in dropped))
        (review / "against.txt").write_text("\n".join(f"{n}\t{w}" for n, w in against))
        (review / "apart.txt").write_text("\n".join(f"{n}\t{w}" for n, w in apart))
        nocode = sorted(((used[s], s) for s in named if not substances.atc.get(s)), reverse=True)
        (review / "nocode.txt").write_text("\n".join(f"{n}\t{s}" for n, s in nocode))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
