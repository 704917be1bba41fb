"""Which words beside a name are ordinary: doses, forms, frequencies, reasons, places, times, courtesies.

Whatever else stands in a patient's line may be the name of something, and is asked about.
"""

from __future__ import annotations

import re


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


SALTS = _set("""
    hydrochloride hydrocholoride sodium potassium maleate succinate tartrate citrate acetate phosphate sulfate
    sulphate hydrobromide bitartrate monohydrate mesylate mesilate fumarate besylate besilate calcium hcl magnesium
    bromide chloride nitrate dihydrate trihydrate hemihydrate tromethamine trometamol axetil
    medoxomil cilexetil mononitrate dinitrate edisylate tosylate pivalate decanoate enanthate propionate furoate
    valerate dipropionate oxalate malate pamoate embonate hydrate anhydrous""")
# What a medicine comes in, and words for one that nobody named.
FORMS = _set("""
    tablet tablets tab tabs capsule capsules cap caps caplet pill pills medicine medicines medication medications
    med meds drug drugs solution suspension syrup sachet sachets powder granules drop drops spray sprays cream
    creams gel gels ointment lotion foam serum shampoo mouthwash toothpaste toner cleanser lozenge lozenges
    injection injections injectable injected jab jabs shot shots pen pens syringe infusion infusions drip patch
    patches inhaler inhalers inhalant puffer nebuliser nebulizer suppository suppositories pessary implant coil ring
    vial ampoule ampoules supplement supplements product products treatment treatments therapy comprime comprimes
    gelule gelules cachet cachets creme pommade sirop goutte gouttes piqure piqures medicament medicaments
    traitement ampoule dragee dragees pastille pastilles suppositoire suppositoires stylo collyre poudre granules
    tablette tabletten filmtablette filmtabletten kapsel kapseln pille pillen tropfen salbe salben spritze spritzen
    beutel zapfchen pflaster saft pulver brausetablette brausetabletten retardtablette retardtabletten ampulle
    ampullen arznei arzneimittel medikament medikamente augentropfen
    comprimido comprimidos pastilla pastillas capsula capsulas sobre sobres jarabe gotas crema pomada parche parches
    inyeccion inyecciones ampolla ampollas supositorio supositorios medicamento medicamentos medicina medicinas
    tratamiento inhalador polvo granulado efervescente efervescentes colirio
    compressa compresse pastiglia pastiglie capsule bustina bustine sciroppo gocce pomata cerotto cerotti fiala fiale
    iniezione iniezioni supposta supposte medicina medicine farmaco farmaci medicinale cura polvere granulato confetti
    saqueta saquetas carteira carteiras xarope pomada adesivo adesivos injecao injecoes injeccao injeccoes
    remedio remedios supositorio comprimidinho pilula pilulas""")
# Makers, whose name stands before or behind that of a substance on the box: 'Apo-Ramipril', 'Omeprazol Cinfa'.
MAKERS = _set("""
    1a abbott abz ac accel accord ach act actavis activis adamed ag agep aguettant aliud alkaloid almirall almus
    alter altiset aluid angenerico apo apotex aristo arrow arw astrazeneca auro aurobindo aurovitas ava basics
    baxter bayer belupo berlin betapharm bexal bgr bio biofarm biogaran biphar bluefish bluepharma boiron
    bosnalijek bouchara bristol brown burk chanelle chemie cinfa cipla clonmel co combix conseil cooper
    coquelusedal cor crescent cristers ct dexcel doc dom dormer dp dura ebewe ecl edigen eg egis esteve euro
    evolugen ferrier france fresenius galenika gedeon gen generici genericon generics genus gerda germed gerot
    glenmark gnr goldshield gsk hcs healthcare hemofarm hennig heumann heunet hexal hikma holsten hospira intas
    ipg ipsen isomed ivax jaa jamp janssen jofre juta kabi kern kerngen krka kwizda kye lab lannach lehning lek
    lilly lundbeck lupin m mabo macleods mar marcan med medac mediq medis menarini merck mercury milpharm mint
    morningside msd mylab mylan mylanpharma nat natco neuraxpharm nordic normon norton novartis novo nra nu odan
    omega opih panpharma pensa pfizer pharma pharmaki phl pinewood pliva pms polpharma priva pro puren qualimed
    quality ran ranbaxi ranbaxy ratio ratiofarm ratiopharm ratiopharma recordati reddy reddys reig relonchem
    renaudin reunion richter riva rocal roche rosemont rovi sandoz sandozgmbh sanis sanofi septa servier set sg
    sivem stada stadafarma stadapharm sterimax stragen strides substipharm suisse sun tad tarbis taro tecnigen
    teva tevagen therabel tillomed torrent tra trianon uniderm unither van vanc viatris vir weleda winthrop
    wockhardt zentiva zentivaeg zydus zym""")
_COMMON = _set("""
    jeun post postop fully recovered strict mostly allergic allergy intolerant intolerance sensitive cheap costume
    jewellery jewelry dont doesnt didnt cant wont havent hasnt isnt wasnt im ive id inj novel nothing apart except
    excluding besides husband husbands wife wifes partner partners boyfriend girlfriend friend friends mother
    mothers mum mums mom moms dad dads father fathers sister sisters brother brothers to help helps helping treat
    treats treating lower lowers reduce reduces thin calm control keep keeps the an and or of my me mine his her its
    it this that these those them they we you your our one own myself himself herself itself everything he she who
    is are am was were be been being have has had having do does did will would can could should may might must got
    get gets getting also too still just only very really quite rather both each either all any every some few most
    more less least than then there here so but not never no none nil yes ok okay please thanks about around approx
    approximately roughly maybe perhaps probably usually normally generally mostly mainly sometimes occasionally
    often rarely seldom always again already yet else same different other than well fine good bad badly better
    worse which what where how why sure unsure certain exactly know known unknown remember recall think believe name
    names called named kind sort type brand generic version form etc including like such per via with without

    mg mcg ug gram grams gramme grammes microgram micrograms milligram milligrams kg ml millilitre millilitres litre
    liter iu unit units percent strength dose doses dosage dosed double half quarter whole full max maximum minimum
    high low higher lower highest lowest large small little big low-dose standard maintenance loading hr hour hours
    actuat pack pre filled prefilled multi extended release modified prolonged slow sustained delayed controlled
    retard forte plus lp xl sr mr cr er xr la ec enteric coated chewable dispersible effervescent effervescents
    effervescente secable secables pellicule pellicules gastro resistant resistants soluble disintegrating oral
    orally mouth swallowed topical topically sublingual tongue rectal vaginal nasal inhaled inhaled transdermal
    subcutaneous intramuscular intravenous cutaneous ophthalmic mucosal injectable metered film system dry unt
    porcine human isophane auto injector device prefilled

    take takes taking taken took use uses using used apply applied applies applying put puts inject injects
    injecting inhale inhales drink drinking swallow start starts started starting begin began begun stop stops
    stopped stopping finish finished finishing end ended ends ending quit continue continues continued continuing
    ongoing current currently present presently now today yesterday tomorrow recently lately long-term term short
    course courses cycle cycles round rounds regular regularly repeat repeated prescription prescriptions prescribed
    prescriber script bought buy self counter otc chemist pharmacy pharmacist shop supermarket online internet
    doctor doctors dr gp consultant specialist hospital clinic nurse dentist dermatologist cardiologist surgeon
    practitioner psychiatrist given gave give told advised recommended said says say supposed needed need needs
    required necessary prn sos missed miss forgot forget changed change increased decreased reduced switched on off
    over under up down out into onto through within

    once twice thrice time times daily day days nightly night nights bedtime bed morning mornings noon midday lunch
    lunchtime dinner breakfast tea evening evenings afternoon weekly week weeks weekend weekends fortnight
    fortnightly monthly month months quarterly yearly year years annually annual alternate alternating second third
    other hourly minute minutes od bd tds qds qid bid tid qd mane nocte om on stat hs ac pc monday tuesday wednesday
    thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays mon tue tues wed
    thu thur thurs fri sat sun january february march april june july august september october november december jan
    feb mar apr jun jul aug sep sept oct nov dec spring summer autumn fall winter christmas easter ago last next
    past previous previously former formerly earlier later soon first initially ever old new early late beginning
    middle twenty thirty forty fifty hundred zero one two three four five six seven eight nine ten eleven twelve
    dozen couple several many number single

    food meal meals water milk juice stomach empty empty-stomach fasting side effect effects problem problems issue
    issues reaction reactions ok tolerated trouble symptom symptoms bruise bruises bruised bruising bleed bleeds
    bleeding preventer preventative prevention preventive protection protective rescue reliever relief backup spare
    emergency emergencies baseline combined combination mixed mixture puff puffs drop spray squirt pea sized thin
    layer thinly

    un une des du de la le les et ou au aux ce mon ma mes je prends pris prend par jour jours fois matin midi soir
    nuit mois semaine semaines an ans depuis avec sans apres avant pendant pour contre chaque tous toutes si besoin
    arrete arretee dernier derniere actuellement plus encore moins peu demi dose matins soirs deux trois quatre cinq
    hebdomadaire quotidien quotidienne quotidiennement parfois souvent rarement toujours hier mes pris prise prises
    bouche voie orale selon ordonnance medecin pharmacie dont aussi cause quotidiens coucher repas petit dejeuner

    ich nehme nimmt nehmen genommen gegen wegen fur bei mit ohne seit nach vor zum zur zu im am der die das den dem
    des ein eine einen einem einer und oder sowie auch noch nur mein meine meinen mal taglich tag tage tagen woche
    wochen wochentlich monat monate monatlich jahr jahre jahren jahrlich morgens mittags abends nachts morgen abend
    nacht fruh einmal zweimal dreimal viermal zwei drei vier funf halbe halb jeden jede jedes jeder pro je bedarf
    plan schema verordnung rezept rezeptpflichtig arzt arztin apotheke mahlzeit essen nuchtern wasser dosis
    hochdosiert niedrig dauerhaft regelmassig manchmal selten oft immer aktuell derzeit zurzeit abgesetzt zuletzt
    letzte letzten letzter gelegentlich stuck hochstens mindestens ungefahr etwa vom von bis ab um alle
    unregelmassig

    tomo toma tomar tomando tomado por para contra con sin desde despues antes durante el la lo los las un una uno
    unos unas y o del al dia dias diario diaria diariamente semana semanas semanal mes meses mensual ano anos manana
    mananas tarde tardes noche noches vez veces cada todos todas dos tres cuatro cinco media medio cuando necesito
    necesario necesidad dolor medico receta farmacia comida comidas comer desayuno cena agua dosis actualmente ahora
    veces nunca siempre solo algun alguna algunos ultimo ultima ayer hoy segun mi mis su horas hora ayunas

    prendo prende prendere preso assumo uso per contro senza da dopo prima durante il lo gli i le uno una e ed o al
    alla allo ai dal dalla del della dei delle giorno giorni ogni volta volte settimana settimane settimanale mese
    mesi anno anni mattina mattino sera sere notte pomeriggio mezza mezzo due tre quattro cinque quotidiano
    quotidiana quotidianamente bisogno occorrenza secondo medico ricetta farmacia pasto pasti colazione cena acqua
    stomaco vuoto adesso ora oggi ieri sempre mai qualche ultimo ultima mio mia miei mie di in con anche solo ore

    tomei tomando uso usando com sem ao aos pela pelo pelas pelos dia dias diariamente semana semanas semanalmente
    mes meses ano anos manha manhas tarde noite noites vezes cada todos todas dois duas tres quatro meia meio quando
    preciso necessario medico receita farmacia refeicao refeicoes almoco jantar agua atualmente agora hoje ontem
    sempre ultimo ultima meu minha meus minhas da do das dos em no na jejum horas hora

    bottle label packet packaging advance classic original express direct instant junior""")
# Qualities of an illness or a reaction, and what is done about it.
_ILLNESS = _set("""
    mild moderate severe serious slight minor major light heavy stable unstable controlled uncontrolled
    well-controlled poorly active inactive quiet quiescent remission remitted cured healed resolved gone cleared
    clear over treated untreated managed manage diagnosed diagnosis diagnoses confirmed suspected possible
    borderline chronic acute recurrent intermittent occasional frequent persistent flare flares flaring flared
    attack attacks episode episodes relapse relapses childhood child kid teenager teens teenage teen baby infant
    adult adulthood adolescence birth born pregnancy menopause puberty age aged since left right upper lower
    bilateral sided side both sides stage grade class level levels range normal abnormal raised slightly positive
    negative test tests tested testing result results scan biopsy blood bloods checked check checks monitored
    monitoring follow-up followed follow seen see under care review reviewed operated operation surgery removed
    removal treatment diet exercise lifestyle free years-old worried worry concern concerns currently symptom-free
    asymptomatic hereditary genetic inherited congenital condition conditions disease diseases disorder disorders
    illness illnesses history medical rash rashes itch itchy itching hives urticaria swelling swollen swells swell
    redness red burning burns sore blister blisters blistering sneezing sneeze runny wheezing wheeze breathless
    breathing breathe vomiting vomit sick sickness nausea nauseous diarrhoea diarrhea cramps upset dizzy dizziness
    faint fainted fainting headache headaches collapse collapsed anaphylaxis anaphylactic shock ambulance epipen
    hospitalised intolerance intolerant intolerances sensitive sensitivity allergy allergies allergic reacts react
    reacted reacting contact skin lips lip tongue throat face eyes eye airborne trace traces eating eaten eat
    touching touch wearing wear pale flat white faded fading silvery soft faint invisible barely visible scar
    controlada controlado controlados controladas controllata controllato controle controlee equilibre equilibree
    stabil eingestellt kontrolliert behandelt geheilt gueri guerie curado curada guarito guarita desde seit depuis
    bien bene bem gut cause causes caused makes made bring brings brought comes came come out up local
    unwell ill tired fever pain pains painful""")
_PLACES = _set("""
    face facial forehead brow brows eyebrow eyebrows eye eyes eyelid eyelids temple temples cheek cheeks cheekbone
    nose lip lips mouth chin jaw jawline neck decollete chest breast breasts back shoulder shoulders arm arms armpit
    armpits underarm underarms elbow elbows hand hands finger fingers nail nails leg legs thigh thighs knee knees
    ankle ankles foot feet toe toes hip hips bottom buttock buttocks bum stomach tummy belly abdomen abdominal scalp
    head hair bikini line body area areas skin crow crows ear ears spot patch corner corners frown lines tear trough
    troughs nasolabial folds fold glabella marionette everywhere elsewhere inside outside front side smile smoker
    gummy tooth teeth molar gum gums tongue spine joint joints muscle muscles session sessions treatment treatments
    appointment appointments visit visits top-up top syringe syringes vial ml touch touch-up done had abroad london
    paris clinic salon beautician home upper lower mid middle deep superficial light medium full partial small big
    successful uneventful complications aftercare planned booked due going source genital ped adol adolescent
    pediatric paediatric seasonal preservative free quadrant epigastrium pertussis valent monovalent quadrivalent""")
# After these, to the end of the item, stands why, when, where or by whom; what is taken stands before.
_REASONS = _set("""
    for because since due against after before during when while whenever if unless until till from by in at as on
    pour contre depuis pendant apres avant dans chez quand prescribed recommended stopped started instead prevent
    prevents selon gegen wegen fur bei seit nach vor weil wenn falls laut para contra desde despues antes durante
    cuando segun porque por per contro dopo prima quando secondo perche""")
# Of these, 'two per day' gives no reason.
_PER = _set("per por")
_UNITS = _set("day week month night hour hours dose dia semana mes noche noite giorno settimana mese notte volta")
# May stand for what is treated in a list of reasons: 'for my heart and circulation'.
_TREATED = _set("""
    heart circulation blood pressure cholesterol pain pains headache headaches migraine migraines anxiety depression
    sleep insomnia thyroid stomach reflux heartburn acne skin back knee knees joint joints arthritis allergy
    allergies hay fever periods period contraception diabetes sugar asthma cramps flushes flashes mood stress bones
    bone eczema psoriasis rosacea hair nails energy immunity cold flu cough infection infections stroke clots gout""")
_DISEASE = re.compile(r"(itis|osis|oma|omas|a?emia|penia|pathy|trophy|plegia|ylosis|rrhoea|rrhea|uria)$|^syndrome$")
_NUMBER = re.compile(r"^(nda)?\d+([a-z]{1,5})?$|^x\d+$|^[ivx]+$")

_BY_TOPIC = {
    "medications": _COMMON | SALTS | FORMS | _PLACES | MAKERS,
    "conditions": _COMMON | FORMS | _ILLNESS | _PLACES,
    "allergies": _COMMON | FORMS | _ILLNESS | _PLACES,
    "procedures": _COMMON | _PLACES | _ILLNESS,
    "planned-events": _COMMON | _PLACES,
    "skin-state": _COMMON | _ILLNESS | _PLACES,
}
# Nouns that stand for a thing without naming it.
_VAGUE = {
    "medications": FORMS,
    "conditions": _set(
        "disease diseases disorder disorders condition conditions illness problem problems trouble issue"
    ),
    "allergies": FORMS | _set("food foods metal metals"),
    "procedures": _set("treatment treatments surgery removal"),
    "planned-events": _set("treatment treatments surgery"),
    "skin-state": _set("problem problems spot patch rash redness burn swelling"),
}
_SEPARATORS = frozenset({
    "and", "plus", "et", "but", "also", "alongside", "then", "or", "ou", "und", "sowie", "oder", "y", "ed",
    "aber", "pero",
})  # fmt: skip
_JOINED_BY = frozenset({"with", "avec", "mit", "con", "com"})  # joins two medicines; of an illness it begins a quality
# Separators that add a thing of the same kind; a comma may only go on about the last one.
ADDS = frozenset({"and", "plus", "et", "also", "alongside", "und", "sowie", "y", "ed"})


def separates(word: str, topic: str) -> bool:
    """Whether a word begins another item of a line."""
    return word in _SEPARATORS or (word in _JOINED_BY and topic in ("medications", "allergies", "procedures"))


def strange(
    words: list[str], topic: str, *, named: bool, begins: bool, joined: bool = False, after_reason: bool = False
) -> list[int]:
    """Places of the words of one item that may be the name of something. `words`: its words, '' for each that
    belongs to a name already read. `named`: whether there is such a name; `begins`: it is the first item of its
    line; `joined`: by an 'and' to the one before; `after_reason`: the item before it gave a reason,
    which this may go on with."""
    if named and topic == "conditions":  # what stands beside an illness describes it
        return [i for i, word in enumerate(words) if _DISEASE.search(word)]
    if named and topic in ("procedures", "planned-events", "skin-state"):
        return []
    end = next((i for i in range(len(words)) if _gives_reason(words, i)), len(words))
    ordinary = _BY_TOPIC[topic]
    out = [
        i for i, word in enumerate(words[:end]) if len(word) > 2 and word not in ordinary and not _NUMBER.match(word)
    ]
    if after_reason and not set(words) & FORMS and all(words[i] in _TREATED for i in out):
        return []
    if not named and not begins and not out:
        # 'and a tablet for my back', 'and a skin disease', 'the other one': nobody said which
        counted = any(_NUMBER.match(word) or word in ("one", "two", "three", "half", "each") for word in words)
        vague = [i for i, word in enumerate(words) if word in _VAGUE[topic]]
        other = [i for i, word in enumerate(words) if word in ("other", "others", "another")]
        told = topic != "medications" or (not counted and (joined or "for" in words[end : end + 1]))
        if other or (vague and (told or "some" in words)):
            return vague or other
    return out


def _gives_reason(words: list[str], i: int) -> bool:
    """Whether from here on stands why, when, where or by whom."""
    word = words[i]
    if word in _PER and (words[i + 1 : i + 2] or [""])[0] in _UNITS:
        return False
    return word in _REASONS and (i > 0 or word not in ("on", "to", "from", "at", "as", "started", "stopped"))


def ordinary(word: str, topic: str) -> bool:
    """Whether a word beside a name says nothing of what is named: a dose, a form, a frequency, a place, a number."""
    return word in _BY_TOPIC[topic] or bool(_NUMBER.match(word)) or len(word) < 3
