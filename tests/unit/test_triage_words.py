"""The patient's own words: what is told, denied, feared, past or somebody else's."""

from __future__ import annotations

from datetime import date

import pytest

from nappage.aftercare import Report, triage
from nappage.aftercare.words import listen
from nappage.knowledge import load

EDITION = load(date(2026, 11, 25))


def heard(text: str) -> dict[str, str]:
    """Sign → status; yes outweighs unsure, which outweighs no."""
    out: dict[str, str] = {}
    for mention in listen([text], EDITION).mentions:
        if out.get(mention.sign) != "yes" and not (out.get(mention.sign) == "unsure" and mention.status == "no"):
            out[mention.sign] = mention.status
    return out


# text, signs that are there; all else in it must not be
TOLD = [
    ("my cheek went white and it really hurts", "skin-white tenderness"),
    ("I can't see properly out of my left eye", "vision-change"),
    ("my vison is blury since this morning", "vision-change"),
    ("everything looks blurred", "vision-change"),
    ("I can not breath well", "breathing-trouble"),
    ("struggling to breathe", "breathing-trouble"),
    ("my throat feels tight and my lips are swollen", "throat-or-tongue-swelling lip-or-face-swelling"),
    ("my lips, tongue and throat are swelling up", "throat-or-tongue-swelling lip-or-face-swelling"),
    ("itchy hives all over my body", "widespread-hives"),
    ("I fainted in the car park", "faint"),
    ("there is a lacy purple pattern on my chin", "skin-mottled-blue"),
    ("the tip of my nose is turning black", "skin-dusky-or-black"),
    ("yellow stuff oozing from one of the spots", "pus discharge bumps"),
    ("there's a hard lump under the skin", "lump"),
    ("I have a fever of 38.6", "fever"),
    ("feaver and chils", "fever chills"),
    ("the redness is spreading down my neck", "spreading-redness"),
    ("one side of my face is drooping and my speech is slurred", "face-droop speech-trouble"),
    ("my arm feels weak", "arm-or-leg-weakness"),
    ("ringing in my ears and a metallic taste", "metallic-taste-or-tinnitus"),
    ("my heart is racing", "palpitations"),
    ("pain in my chest when I breathe in", "chest-pain"),
    ("my urine is dark like cola", "dark-urine"),
    ("I do not want to live anymore", "self-harm-thoughts"),
    ("je vois flou depuis ce matin", "vision-change"),
    ("j'ai du mal à respirer", "breathing-trouble"),
    ("veo borroso", "vision-change"),
    ("me cuesta respirar", "breathing-trouble"),
    ("tengo fiebre y escalofríos", "fever chills"),
    ("no fever, but my eye really hurts", "eye-pain"),
    ("I took paracetamol because of the fever", "fever"),
    ("I couldn't sleep because of the pain", "tenderness"),
    ("my sister says my eyelid is drooping", "drooping-eyelid"),
    ("my husband noticed that my smile is crooked", "weak-smile"),
    ("My wife had her session yesterday and her face is drooping", "face-droop"),
    ("Is it normal that I have a fever?", "fever"),
    ("not breathing normally", "breathing-trouble"),
    ("my vision is not clear", "vision-change"),
    ("the swelling won't go down and it hurts", "swelling tenderness"),
    ("just a bruise, blue and yellow", "bruise"),
    ("a small blue bruise on my cheek", "bruise"),
]
NOT_TOLD = [
    "no fever or vision problems",
    "no fever, chills, or vision problems",
    "I can see fine",
    "my vision is fine and I am breathing normally",
    "never had trouble breathing",
    "I haven't had any fever",
    "denies chest pain, shortness of breath and visual loss",
    "my sister fainted after hers",
    "my friend had blurred vision after fillers",
    "last time I fainted",
    "I had a stroke in 2010",
    "should I worry about going blind?",
    "what if I go blind?",
    "I read that it can cause blindness",
    "I'm scared of getting an infection with pus",
    "could it become infected with an abscess",
    "not sure if I have a fever",
    "fever: none",
    "trouble breathing? no.",
    "I can't see any redness",
    "no redness, no swelling, no pain",
    "without fever",
    "pas de fièvre",
    "sin fiebre",
    "je n'ai pas de fièvre",
    "the redness has gone",
    "no tengo fiebre ni dolor",
    "it goes white when I press it",
    "no trouble swallowing or breathing",
    "the leaflet says to watch out for blindness",
]


@pytest.mark.parametrize(("text", "signs"), TOLD)
def test_what_is_told(text: str, signs: str) -> None:
    assert {sign for sign, status in heard(text).items() if status == "yes"} >= set(signs.split()), heard(text)


@pytest.mark.parametrize("text", NOT_TOLD)
def test_what_is_not_told(text: str) -> None:
    assert not {sign for sign, status in heard(text).items() if status == "yes"}, heard(text)


@pytest.mark.parametrize(
    "text",
    [
        "should I worry about going blind?",
        "not sure if I have a fever",
        "it goes white when I press it",
        "I'm scared of an abscess",
    ],
)
def test_what_is_feared_or_in_doubt_is_asked(text: str) -> None:
    done = triage(Report(text=text, hours_since=6, all_other_signs="no"), EDITION)
    assert done.level == "expected" and done.incomplete and done.ask[0].because


def test_a_denial_does_not_answer_the_question() -> None:
    done = triage(Report(text="a bit red, no fever, I can see fine", hours_since=6), EDITION)
    assert done.level == "expected" and done.incomplete
    assert any("vision-change" in q.signs for q in done.ask)


def test_a_tick_of_no_is_raised_by_an_emergency_in_words_and_not_in_silence() -> None:
    done = triage(
        Report(text="my vision is blurred", signs={"vision-change": "no"}, hours_since=6, all_other_signs="no"), EDITION
    )
    assert done.level == "emergency"
    said = {words for finding in done.findings for why in finding.why for words in why.said}
    assert said == {"answered no, but told in words", "“my vision is blurred”"}


@pytest.mark.parametrize(
    "text",
    [
        "half the telly is missing when I look at it", "there is a curtain over my right eye",
        "like looking through vaseline",
        "half of each line isn't there when I read", "my tounge is getting fat", "tongue feels too big for my mouth",
        "he is fitting on the floor", "her eyes have rolled back", "she won't answer me", "nose has gone grey and cold",
        "the spot doesn't go pink when I press it", "cheek gone white as paper and agony", "cant brethe",
        "I couldn't see out of one eye for a bit", "lips have gone blue", "speech is slurred", "left arm is dead",
        "chest is tight and I can't get air", "throat is closing up", "me siento ahogada, no puedo respirar",
        "je ne vois plus de l'oeil droit", "half my face is drooping",
    ],
)  # fmt: skip
def test_an_emergency_in_everyday_words_is_one(text: str) -> None:
    report = Report.model_validate({"text": text, "hours_since": 3, "treatment": {"products": ["hyaluronic acid"]}})
    assert triage(report, EDITION).level == "emergency"


@pytest.mark.parametrize(
    "text",
    [
        "half of my face was done today", "I look at the page of your leaflet", "I read half of the leaflet",
        "shaking with excitement about the result", "the cream made my lips numb before the needles",
        "can I drink a cold drink now", "my nose is a bit pink", "grey clouds today and my skin looks great",
        "my tongue piercing is fine", "I pressed it and it goes pink again", "lines on my forehead look softer",
        "can't see any difference yet", "I have a blind date on Friday and my skin looks breathtaking",
        "no problem breathing at all", "the letters on your leaflet are small", "every line is softer",
        "my sister fainted after hers", "a glass of white wine last night",
        "so far so good, can't wait for the next one",
    ],
)  # fmt: skip
def test_small_talk_is_no_emergency(text: str) -> None:
    report = Report.model_validate({"text": text, "hours_since": 3, "treatment": {"products": ["hyaluronic acid"]}})
    assert triage(report, EDITION).level != "emergency"


def test_words_raise_what_was_not_asked() -> None:
    done = triage(Report(text="my vision is blurred", hours_since=6, all_other_signs="no"), EDITION)
    assert done.level == "emergency" and done.within_hours == 0 and done.act_by == "now"


def test_words_that_are_understood_complete_a_report() -> None:
    for text in (
        "Hello, my cheeks are a bit red and slightly swollen after the session this morning, thank you",
        "Just a small bruise on the left cheek. Everything else is fine!",
        "a little sore but otherwise all good",
    ):
        done = triage(Report(text=text, hours_since=6, all_other_signs="no"), EDITION)
        assert done.level == "expected" and not done.incomplete, (text, done.statement, done.not_understood, done.ask)


def test_words_that_are_not_understood_are_looked_at() -> None:
    done = triage(Report(text="zorp glimmerfax on the flumph", hours_since=6, all_other_signs="no"), EDITION)
    assert done.level == "routine-review" and done.incomplete and done.not_understood
    assert "glimmerfax" in done.ask[0].because[0]


def test_a_sign_buried_in_a_long_text() -> None:
    chatter = "Hello dear team. Thank you for the lovely session on Tuesday. I went to work and slept well. " * 12
    done = triage(
        Report(text=f"{chatter} Oh and since lunch I see double. {chatter}", hours_since=30, all_other_signs="no"),
        EDITION,
    )
    assert done.level == "emergency"
    why = done.findings[0].why[0]
    assert any("see double" in said for said in why.said)


def test_a_contradiction_within_the_words_counts_as_told() -> None:
    assert (
        triage(Report(text="No fever. Well, I had a fever of 39 this morning.", hours_since=60), EDITION).level
        == "same-day-review"
    )


def test_it_is_getting_worse_goes_on_about_what_was_told() -> None:
    better, worse = "The swelling is going down.", "There is swelling. It is getting worse."
    assert triage(Report(text=worse, hours_since=60, all_other_signs="no"), EDITION).level == "same-day-review"
    assert triage(Report(text=better, hours_since=30, all_other_signs="no"), EDITION).level == "expected"
    unchanged = triage(
        Report(text="There is swelling. It is not getting worse.", hours_since=30, all_other_signs="no"), EDITION
    )
    assert unchanged.level == "expected"


def test_a_misspelling_is_shown_as_read() -> None:
    done = triage(Report(text="I have a feaver", hours_since=3), EDITION)
    assert any("misspelling" in said for finding in done.findings for why in finding.why for said in why.said)
