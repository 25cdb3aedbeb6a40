"""Word lists, and the rule that says which cases are held out of the training."""

import zlib

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
    """A pronounceable word that is in no list."""
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(2, 4))).capitalize()


def name(rng, test):
    return draw(rng, test, lambda: rng.choice(NAMES) if rng.random() < 0.6 else invented(rng) + (" " + invented(rng) if rng.random() < 0.1 else ""))


def city(rng, test):
    return draw(rng, test, lambda: rng.choice(CITIES) if rng.random() < 0.6 else invented(rng) + (" " + invented(rng) if rng.random() < 0.15 else ""))
