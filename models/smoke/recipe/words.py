"""Word lists, and the rule that says which cases are held out of the training."""

import json
import zlib
from pathlib import Path

NAMES = """Ana Bert Carla Dmitri Elena Felix Greta Hugo Ines Jonas Klara Leo Maria Nils Olga Pavel Quinn Rosa Stefan Tara
Ulf Vera Wim Xenia Yusuf Zoe Alice Bob Carol Dave Eve Frank Grace Heidi Ivan Judy Karl Laura Mike Nina Oscar Peggy Rupert
Sybil Trent Ursula Victor Wendy Tom Sam Max Ben Lena Mia Emma Noah Liam Lucas Anna Paul Peter Simon Sara Julia Jan Eva Ida
Aisha Omar Fatima Ali Hassan Layla Yuki Kenji Hana Sakura Wei Ming Li Mei Priya Ravi Anil Sunita Kofi Ama Kwame Thabo
Pedro Jorge Lucia Diego Sofia Mateo Carmen Pablo Marco Giulia Luca Chiara Bruno Camille Louis Chloe Pierre Amelie John James
Robert Michael William David Richard Joseph Thomas Charles Mary Patricia Jennifer Linda Susan Jessica Karen Nancy Lisa Betty
Ada Alan Edsger Barbara Donald Margaret Linus Ken Dennis Bjarne Guido Larry Bertha Neo Sky River Kim Lee Ian Amy Joe Sue Tim""".split()

CITIES = """Paris|London|Berlin|Madrid|Rome|Vienna|Prague|Warsaw|Lisbon|Dublin|Oslo|Stockholm|Helsinki|Copenhagen|Athens|Budapest
Zurich|Geneva|Basel|Bern|Munich|Hamburg|Cologne|Leipzig|Dresden|Milan|Turin|Naples|Florence|Venice|Lyon|Nice|Toulouse|Bordeaux
Tokyo|Osaka|Kyoto|Seoul|Beijing|Shanghai|Hong Kong|Singapore|Bangkok|Hanoi|Manila|Jakarta|Delhi|Mumbai|Chennai|Kolkata|Dubai|Doha
Cairo|Lagos|Nairobi|Accra|Cape Town|Tunis|Rabat|Dakar|Sydney|Melbourne|Perth|Brisbane|Auckland|Wellington|New York|Boston|Chicago
Seattle|Denver|Dallas|Austin|Houston|Miami|Atlanta|Portland|San Francisco|Los Angeles|Las Vegas|Toronto|Montreal|Vancouver|Ottawa
Mexico City|Bogota|Lima|Quito|Santiago|Buenos Aires|Montevideo|Rio de Janeiro|Sao Paulo|Brasilia|Caracas|Havana|Panama|Reykjavik
Riga|Vilnius|Tallinn|Kyiv|Minsk|Sofia|Bucharest|Belgrade|Zagreb|Ljubljana|Sarajevo|Skopje|Tirana|Istanbul|Ankara|Tehran|Baghdad
Porto|Seville|Valencia|Bilbao|Malaga|Granada|Bruges|Ghent|Antwerp|Brussels|Amsterdam|Rotterdam|Utrecht|The Hague|Luxembourg"""
CITIES = [c for line in CITIES.split("\n") for c in line.split("|")]

NOUNS = """apple pear plum bread milk pen book lamp chair table phone car bike boat train house garden river mountain forest
dog cat bird fish horse cow coffee tea sugar salt rice soup cake shirt coat shoe hat ring clock door window key box ball toy
computer engine server robot rocket planet star moon sun ocean island bridge tower castle museum song film story poem game""".split()

SYLLABLES = """ba be bi bo da de di do fa fe fi ga go ha he ja jo ka ke ki ko la le li lo lu ma me mi mo mu na ne ni no pa
pe pi po ra re ri ro ru sa se si so su ta te ti to va ve vi wa we xa ya yo za ze zi zo bra cri dra fle gri kla plo sta tre
an el in on ar er ist and orn eth""".split()
ONSETS = "b br c ch cl cr d dr f fl fr g gl gr h j k kr l m n p ph pl pr qu r s sh sk sl sn sp st t th tr v w x y z".split() + [""] * 6
VOWELS = "a e i o u a e i o u ai au ea ee ei ia ie io oa oo ou ua y".split()
CODAS = "b ck ct d ff g k l ld ll m n nd ng nn nt p r rd rk rn rt s ss st t th tt w x z".split() + [""] * 24
TOKENIZER = Path(__file__).resolve().parent.parent / "tokenizer.json"


def pieces():
    """The vocabulary's own pieces of words; none before there is a tokenizer."""
    if not TOKENIZER.is_file():
        return []
    tokens = json.loads(TOKENIZER.read_text())["model"]["vocab"]
    words = (token.removeprefix("\u0120") for token in tokens if len(token) > 2)
    return sorted({word.lower() for word in words if word.isascii() and word.isalpha()})


PIECES = pieces()


def held_out(*key):
    """One case in eight, chosen by its content, is never trained on."""
    return zlib.crc32("|".join(map(str, key)).encode()) % 8 == 0


def draw(rng, test, make, key=lambda case: case):
    """Draw cases until one falls on the wanted side of the held-out line."""
    while True:
        case = make()
        if held_out(key(case)) == test:
            return case


def invented(rng):
    """A word that is in no list: plain syllables, richer ones, or pieces of the vocabulary, so that each of those is copied somewhere."""
    manner = rng.random()
    if manner < 0.4 and PIECES:
        return "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 3))).capitalize()
    if manner < 0.7:
        return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(2, 4))).capitalize()
    return "".join(rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(rng.randint(1, 3))).capitalize()


def proper(rng, test, known, two_words):
    """A name or a city; the training has fewer of the known ones than an evaluation, for copying is learnt from the others."""
    def make():
        if rng.random() < (0.6 if test else 0.35):
            return rng.choice(known)
        return invented(rng) + (" " + invented(rng) if rng.random() < two_words else "")
    return draw(rng, test, make)


def name(rng, test):
    return proper(rng, test, NAMES, 0.1)


def city(rng, test):
    return proper(rng, test, CITIES, 0.2)
