"""What is in a scene: place, time of day, and things with their color, position and size. No drawing, no words."""

import random

RGB = dict(
    red=(214, 40, 44),
    orange=(244, 140, 30),
    yellow=(250, 214, 50),
    green=(50, 160, 70),
    blue=(44, 96, 214),
    purple=(136, 64, 176),
    pink=(246, 140, 184),
    brown=(134, 84, 44),
    black=(38, 38, 44),
    white=(244, 244, 244),
    gray=(142, 146, 152),
)
COLORS = list(RGB)
CLASSES = ["dog", "cat", "bird", "ball", "car", "house", "tree", "umbrella", "kite", "boat", "snowman"]
PLURAL = {c: c + "s" for c in CLASSES}
PLURAL["snowman"] = "snowmen"
TOY = ["red", "orange", "yellow", "green", "blue", "purple", "pink"]
PAL = dict(
    dog=["brown", "black", "white", "gray"],
    cat=["orange", "black", "white", "gray"],
    bird=["red", "blue", "yellow", "black", "white"],
    ball=TOY,
    car=["red", "yellow", "green", "blue", "black", "white", "orange"],
    house=["red", "yellow", "blue", "white", "pink"],
    tree=["green"],
    umbrella=TOY,
    kite=TOY,
    boat=["red", "yellow", "blue", "white"],
    snowman=["white"],
)
PLACES = ["beach", "park", "street", "snow"]
NUM = ["no", "one", "two", "three", "four", "five"]

# ---------------------------------------------------------------- sampling
SIZE = {  # height range (unit = picture side), width / height, base-y range, x-margin
    "dog": (0.20, 0.26, 1.25, (0.74, 0.96)),
    "cat": (0.21, 0.27, 0.80, (0.74, 0.96)),
    "ball": (0.13, 0.17, 1.0, (0.74, 0.96)),
    "car": (0.15, 0.20, 1.95, (0.72, 0.95)),
    "umbrella": (0.27, 0.34, 0.95, (0.72, 0.93)),
    "snowman": (0.24, 0.31, 0.62, (0.70, 0.93)),
    "house": (0.28, 0.35, 1.0, (0.58, 0.66)),
    "tree": (0.31, 0.40, 0.66, (0.58, 0.68)),
    "bird": (0.12, 0.15, 1.5, (0.14, 0.40)),
    "kite": (0.17, 0.22, 0.75, (0.22, 0.42)),
    "boat": (0.15, 0.20, 1.0, (0.57, 0.60)),
}
ORDER = ["house", "car", "umbrella", "snowman", "tree", "boat", "dog", "cat", "ball", "kite", "bird"]


def sample_scene(r):
    place = r.choice(PLACES)
    night = r.random() < 0.3
    prob = dict(
        dog=0.5,
        cat=0.4,
        ball=0.45,
        car=0.62 if place == "street" else 0.2,
        umbrella=0.45 if place == "beach" else 0.1,
        tree=0.5,
        house=0.0 if place == "beach" else 0.42,
        bird=0.3,
        kite=0.22,
        boat=0.45 if place == "beach" else 0,
        snowman=0.45 if place == "snow" else 0,
    )
    maxn = dict(dog=4, cat=4, ball=4, car=3, umbrella=2, tree=4, house=2, bird=4, kite=3, boat=2, snowman=2)
    want = {}
    for c in CLASSES:
        if r.random() < prob[c]:
            want[c] = r.choices(range(1, maxn[c] + 1), [0.36, 0.26, 0.21, 0.17][: maxn[c]])[0]
    if not want:
        want = {r.choice(["dog", "cat", "ball"]): r.randint(1, 4)}
    celest = (0.12 if r.random() < 0.5 else 0.88) + r.uniform(-0.03, 0.03), r.uniform(0.10, 0.16)
    boxes = [(celest[0] - 0.09, celest[1] - 0.09, celest[0] + 0.09, celest[1] + 0.09)]
    objs = []
    color = {c: r.choice(PAL[c]) for c in CLASSES}

    def clash(b):
        for q in boxes:
            w = min(b[2], q[2]) - max(b[0], q[0])
            h = min(b[3], q[3]) - max(b[1], q[1])
            if w > 0 and h > 0:
                a = min((b[2] - b[0]) * (b[3] - b[1]), (q[2] - q[0]) * (q[3] - q[1]))
                if w * h > 0.04 * a:
                    return True
        return False

    front = 0
    for c in ORDER:
        lo, hi, asp, (y0, y1) = SIZE[c]
        shrink = 1.0
        for k in range(want.get(c, 0)):
            if c in ("dog", "cat", "car", "ball", "umbrella", "snowman"):
                if front >= 5:
                    break
            for t in range(40):
                h = r.uniform(lo, hi) * (1 - 0.004 * t)
                w = h * asp
                x = r.uniform(w / 2 + 0.01, 1 - w / 2 - 0.01)
                y = r.uniform(y0, y1)
                b = (x - w / 2, y - h, x + w / 2, y)
                if b[1] < 0.01 or clash(b):
                    continue
                boxes.append(b)
                objs.append(dict(c=c, col=color[c], x=x, y=y, h=h, box=b, flip=r.random() < 0.5, seed=r.random()))
                front += c in ("dog", "cat", "car", "ball", "umbrella", "snowman")
                break
            else:
                break
    return dict(place=place, night=night, celest=celest, objs=objs, seed=r.random())
