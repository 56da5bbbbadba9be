"""The words that questions may use for things, colors and places, and for what is never drawn."""

from sample_scenes import CLASSES, PLURAL

# Other words for the things: singular, plural.
SYNONYMS = {
    "dog": [("dog", "dogs")] * 6
    + [
        ("puppy", "puppies"),
        ("doggy", "doggies"),
        ("hound", "hounds"),
        ("pup", "pups"),
        ("canine", "canines"),
        ("doggie", "doggies"),
    ],
    "cat": [("cat", "cats")] * 6
    + [("kitty", "kitties"), ("kitten", "kittens"), ("feline", "felines"), ("pussycat", "pussycats")],
    "bird": [("bird", "birds")] * 8 + [("birdie", "birdies"), ("flying animal", "flying animals")],
    "ball": [("ball", "balls")] * 8 + [("play ball", "play balls"), ("toy ball", "toy balls")],
    "car": [("car", "cars")] * 6 + [("automobile", "automobiles"), ("auto", "autos"), ("motor car", "motor cars")],
    "house": [("house", "houses")] * 7
    + [("home", "homes"), ("cottage", "cottages"), ("hut", "huts"), ("cabin", "cabins")],
    "tree": [("tree", "trees")],
    "umbrella": [("umbrella", "umbrellas")] * 7
    + [("parasol", "parasols"), ("sunshade", "sunshades"), ("beach umbrella", "beach umbrellas")],
    "kite": [("kite", "kites")],
    "boat": [("boat", "boats")] * 7
    + [("ship", "ships"), ("sailboat", "sailboats"), ("sailing boat", "sailing boats"), ("vessel", "vessels")],
    "snowman": [("snowman", "snowmen")] * 7 + [("snow man", "snow men"), ("snow figure", "snow figures")],
}
COLOR_WORDS = {"gray": ["gray", "grey"], "purple": ["purple", "purple", "violet"], "red": ["red"] * 5 + ["crimson"]}
OTHER_COLORS = "cyan magenta beige turquoise golden silver teal maroon navy".split()
PLACE_WORDS = {
    "beach": "beach|beach|beach|seaside|shore|coast|seashore|sandy beach|sea shore".split("|"),
    "park": "park|park|park|meadow|lawn|green park|public park|field".split("|"),
    "street": "street|street|street|road|city street|city|town|road side".split("|"),
    "snow": "snowy place|snow landscape|winter landscape|snow field|snowy field|winter scene|snowy landscape".split(
        "|"
    ),
}
OTHER_PLACES = (
    "desert forest kitchen office school airport jungle bedroom bathroom restaurant museum library hospital "
    "stadium factory cave island prison church farm castle classroom supermarket shop garage basement swamp "
    "volcano harbor harbour zoo circus bank hotel gym theater theatre studio cinema station lounge"
).split()
# Drawn as part of a place, at night or by day; never asked as absent.
SCENERY = {
    "sand": ("beach",),
    "sea": ("beach",),
    "ocean": ("beach",),
    "water": ("beach",),
    "grass": ("park",),
    "snow": ("snow",),
    "mountain": ("snow",),
}
# Never drawn: no, 0, none. Irregular plurals stand behind a slash.
ABSENT = """
elephant lion tiger bear horse cow pig sheep/sheep goat monkey giraffe zebra kangaroo panda fox/foxes wolf/wolves
deer/deer rabbit squirrel mouse/mice rat hamster snake lizard crocodile turtle frog fish/fish shark whale dolphin
octopus/octopuses crab penguin duck chicken rooster turkey goose/geese swan eagle owl parrot pigeon seagull
butterfly/butterflies bee ant spider fly/flies mosquito/mosquitoes worm snail dinosaur dragon unicorn camel donkey
hippo rhino gorilla seal bat person/people man/men woman/women boy girl child/children baby/babies kid human adult
lady/ladies guy astronaut policeman/policemen doctor teacher farmer soldier pirate king queen princess/princesses clown
robot alien ghost witch/witches player driver father mother brother sister friend family/families crowd face hand arm
leg finger truck bus/buses bicycle bike motorcycle motorbike train tram airplane plane aeroplane helicopter rocket taxi
van tractor ambulance scooter skateboard surfboard snowboard ski sled submarine balloon spaceship tank wagon canoe
lorry/lorries chair table bed sofa couch/couches desk lamp shelf/shelves cupboard mirror carpet pillow blanket clock
watch/watches computer laptop keyboard phone telephone television tv radio camera screen printer book newspaper pen
pencil paper letter knife/knives fork spoon plate cup glass/glasses bottle mug bowl pan pot oven stove fridge toaster
kettle pizza burger sandwich/sandwiches cake cookie bread cheese apple banana orange fruit lemon
strawberry/strawberries grape pear carrot tomato/tomatoes potato/potatoes onion egg hat cap helmet shirt dress/dresses
jacket coat shoe boot sock glove scarf/scarves tie bag backpack suitcase purse wallet ring necklace crown
sunglasses/sunglasses guitar piano drum violin trumpet flute hammer saw nail screwdriver ladder rope bucket broom
shovel axe/axes bench/benches fence gate bridge tower statue fountain church/churches castle tent swing slide sign flag
rainbow river waterfall volcano/volcanoes cactus/cactuses mushroom rose pumpkin candle gift present sword gun bomb
shield treasure map coin money/money key box/boxes basket barrel cage net stick bone racket frisbee doll teddy/teddies
puppet puzzle tire wheelchair stroller hydrant traffic/traffic toilet sink towel soap toothbrush/toothbrushes
""".split()
# "orange" is a color here, and a few of the words above could be taken for parts of what is drawn.
NOT_ABSENT = {"orange", "letter", "traffic", "fly", "plate", "hand", "leg", "face", "arm", "nail", "present"}


def plural_of(word: str) -> tuple[str, str]:
    one, _, many = word.partition("/")
    return one, many or one + "s"


ABSENT_NOUNS = [plural_of(word) for word in dict.fromkeys(ABSENT) if plural_of(word)[0] not in NOT_ABSENT]
NO_ARTICLE = {"money", "sunglasses", "sand", "water", "grass", "snow", "people"}
GROUPS = {
    "animal": (("dog", "cat", "bird"), ["animal", "animal", "animal", "creature", "living animal"]),
    "pet": (("dog", "cat"), ["pet", "house pet"]),
    "toy": (("ball", "kite"), ["toy", "plaything"]),
    "vehicle": (("car", "boat"), ["vehicle"]),
}
NUMBER_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def plural_word(word: str) -> str:
    return word + "s"


def a(word: str) -> str:
    """The word with its article."""
    if word in NO_ARTICLE:
        return word
    return ("an " if word[0] in "aeiou" and not word.startswith("uni") else "a ") + word


def thing_words() -> set[str]:
    """Every word of the lists here."""
    found = set(CLASSES) | set(PLURAL.values()) | set(NUMBER_WORDS) | set(OTHER_COLORS) | set(OTHER_PLACES)
    phrases = [word for pairs in SYNONYMS.values() for pair in pairs for word in pair]
    phrases += [word for words in COLOR_WORDS.values() for word in words]
    phrases += [word for words in PLACE_WORDS.values() for word in words]
    phrases += [word for pair in ABSENT_NOUNS for word in pair] + list(SCENERY)
    phrases += [form for _, words in GROUPS.values() for word in words for form in (word, plural_word(word))]
    for phrase in phrases:
        found.update(phrase.split())
    return found
