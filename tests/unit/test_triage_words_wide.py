"""Everyday phrases that are not from the vignettes: half tell of an emergency, half do not."""

from __future__ import annotations

from datetime import date

import pytest

from nappage.aftercare import Report, triage
from nappage.knowledge import load

EDITION = load(date(2026, 11, 25))
WITH = {"products": ["hyaluronic acid"], "areas": ["cheeks"], "anaesthetic": ["EMLA"]}

EMERGENCIES = """
everything went dark in my left eye
I've gone blind in one eye
it's like there's a net curtain across my right eye
I can only see the top half of things
my sight has gone foggy on one side
there's a big black blob in the middle of what I look at
I keep seeing double since the injections
my eye is killing me and everything is misty
I can't make out faces any more
it's like looking through frosted glass with my left eye
part of my vision has just disappeared
words on the page have gaps in them when I use my right eye
ma vue est trouble depuis la piqûre
j'ai perdu la vue de l'œil gauche
no veo nada con el ojo derecho
veo doble desde la sesión
my mum is shaking and won't answer
he's having a fit
she's jerking all over and foaming at the mouth
my wife has collapsed and isn't responding
my husband can't speak properly and his mouth is drooping
she keeps passing out and is grey
my daughter's lips are blue
mum doesn't know where she is
I can't get my words out
my speech has gone funny, sounds like I'm drunk
my mouth has dropped on one side
I can't lift my left arm
my right leg has gone dead
half my body feels numb and heavy
worst headache of my life, came on like a thunderclap
j'ai du mal à parler et mon bras gauche est faible
no puedo mover el brazo
I feel like my throat is closing
my tongue is so swollen I can't talk
tongue feels twice its size
there's a lump in my throat and I can't breathe
I'm wheezing like mad
I can't catch my breath
struggling for air
short of breath just sitting still
gasping for breath
hives everywhere and I'm about to pass out
lips ballooned and I've thrown up
ma gorge se serre, je n'arrive plus à respirer
se me cierra la garganta
my cheek has turned white as a sheet
the skin round the jab is pale and doesn't pink up when I press it
there's a purple lacy pattern spreading on my cheek
my cheek looks like marble
skin has gone a dusky grey
the tip of my nose is going black
one patch of skin is dead looking and black
the pain is unbearable
I'm in agony
pain is off the scale
10/10 pain in one spot
ma joue est devenue toute blanche
la piel se puso blanca y me duele muchísimo
a tight band round my chest
crushing pain in my chest
my heart is pounding out of my chest
my heart keeps skipping beats and I feel faint
coughing up blood
ears ringing and a metal taste in my mouth
my lips and tongue are tingling and I feel drunk
my face keeps twitching
fever of 39 and the redness is spreading fast
shivering, burning up and confused
39.5, skin mottled and not making sense
I don't want to be here any more
I want to end it all
I keep thinking about killing myself
je veux mourir
the blood won't stop, it is pouring down my face
soaked through two towels with blood
my temperature is 40 and there are black blisters
one pupil is bigger than the other
I can't open my eye and it hurts badly
pain behind my eye
"""
BENIGN = """
little red dots where the needles went, fading already
a touch pink this morning, that's all
bit sore, nothing major
just a tiny bruise the size of a pea, going yellow
my cheeks are slightly puffy but going down
feels tight, like I've been in the sun
small bumps like gnat bites, nearly flat
a teeny bit itchy, much less than last night
is it normal to be a bit red after six hours?
just checking in, all good here
everything is fine, thanks so much!
thank you for a lovely afternoon
can I wear make-up tomorrow?
when can I go back to the gym?
may I have a glass of wine tonight?
could you move my appointment to next Thursday?
what time do you open on Saturday?
how much is the second session?
my skin looks amazing, I can't stop looking in the mirror
I'm over the moon with my skin
can't wait to see the final result
I'm dying to see how it turns out
my friends say I look ten years younger
the result took my breath away
I've got a blind date tonight and want to look my best
I can't see any marks at all now
shaking with excitement for my wedding
it was numb from the cream and now it's worn off
my husband loves it
my daughter wants one too
no fever, no swelling, nothing
no pain, no redness, no problems breathing
I don't have any trouble seeing or breathing
not dizzy, not sick, not short of breath
never felt faint, my eyes are fine
denies chest pain, fever, visual change
nothing hurts and I can see perfectly
my vision is normal and I'm breathing normally
no blisters, no white patches, no black bits
eyes ok, speech ok, arms ok
skin is warm but not hot
slept like a log and woke up fresh
I had a coffee and went for a walk
I put on some sunscreen and a hat
the dog jumped on the bed this morning
what a nice clinic you have
sorry to bother you on a Sunday
it's a bit tender when I lie on that side
a faint yellow mark where the bruise was
slight redness round two of the points
my sister fainted after hers but I'm fine
a friend went blind after filler, that scared me
I fainted once as a child
ten years ago I had a stroke scare, all fine since
should I worry about infection?
what would a blocked vessel look like?
I read on the internet that skin can go black
if I get a fever, who do I call?
last time I had hives, this time nothing
how will I know if it's infected?
it doesn't hurt at all
the redness has gone
the swelling went down overnight
bruise is nearly gone
it is fading nicely
not getting any worse
bonjour, tout va bien, merci beaucoup
juste quelques petites rougeurs, rien de grave
un petit bleu sur la joue qui part doucement
pas de fièvre, pas de douleur
je vois bien et je respire bien
quand puis-je me maquiller ?
hola, todo bien, muchas gracias
solo un poco de rojez, nada más
un moratón pequeño que ya se va
no tengo fiebre ni dolor
¿cuándo puedo volver al gimnasio?
veo bien y respiro bien
"""


def lines(said: str) -> list[str]:
    return [line for line in said.strip().splitlines() if line]


@pytest.mark.parametrize("text", lines(EMERGENCIES))
def test_an_emergency(text: str) -> None:
    report = Report.model_validate({"text": text, "hours_since": 5, "treatment": WITH})
    assert triage(report, EDITION).level == "emergency"


@pytest.mark.parametrize("text", lines(BENIGN))
def test_no_emergency_and_nothing_left_open_where_all_was_asked(text: str) -> None:
    report = Report.model_validate({"text": text, "hours_since": 6, "treatment": WITH, "all_other_signs": "no"})
    assert triage(report, EDITION).level == "expected"


def test_there_are_many() -> None:
    assert len(lines(EMERGENCIES)) >= 75 and len(lines(BENIGN)) >= 75
