"""Captions, and questions with their answers, from what is in a scene."""

import math

from sample_scenes import CLASSES, PAL, PLURAL, NUM


def info(sc):
    n = {c: 0 for c in CLASSES}
    col = {}
    for o in sc["objs"]:
        n[o["c"]] += 1
        col[o["c"]] = o["col"]
    return n, col


def np_(n, c, col=None, art=True):
    a = "" if c in ("tree", "snowman") or col is None else col + " "
    if n == 1:
        w = a + c
        return ("an " if w[0] in "aeiou" else "a ") + w
    return NUM[n] + " " + a + PLURAL[c]


WHERE = {"beach": "on the beach", "park": "in the park", "street": "on the street", "snow": "in the snow"}


def caption(sc):
    n, col = info(sc)
    ph = lambda c: np_(n[c], c, col[c])
    mains = [c for c in ("dog", "cat") if n[c]]
    if len(mains) == 2:
        s = ph("dog") + " and " + ph("cat")
    elif mains:
        s = ph(mains[0])
    else:
        s = None
    if s:
        if n["ball"]:
            s += " playing with " + ph("ball")
        elif n["snowman"]:
            s += " next to " + ph("snowman")
        elif n["car"]:
            s += " next to " + ph("car")
        elif n["umbrella"]:
            s += " next to " + ph("umbrella")
        elif n["house"]:
            s += " in front of " + ph("house")
        elif n["tree"]:
            s += " near " + ph("tree")
    else:
        m = [c for c in ("car", "snowman", "ball", "umbrella") if n[c]]
        if m:
            s = " and ".join(ph(c) for c in m[:2])
        if s and n["house"]:
            s += " in front of " + ph("house")
        elif s and n["tree"]:
            s += " near " + ph("tree")
        if not s:
            m = [c for c in ("house", "tree", "boat", "bird", "kite") if n[c]]
            s = " and ".join(ph(c) for c in m[:2]) if m else "an empty scene"
    return s + " " + WHERE[sc["place"]] + (" at night" if sc["night"] else "")


OBJ_Q = ["dog", "cat", "bird", "ball", "car", "house", "tree", "umbrella", "kite", "boat", "snowman"]
QTYPES = ["count", "color", "exists", "place", "daynight", "next", "animal", "side", "colorcheck", "playing", "sky"]


def ask(sc, qt, r):
    n, col = info(sc)
    have = [c for c in CLASSES if n[c]]
    ch = r.choice
    if qt == "count":
        c = (
            ch(OBJ_Q)
            if r.random() < 0.15 or not have
            else ch([x for x in have for _ in range((0, 2, 3, 5, 7, 7)[n[x]])])
        )
        p = PLURAL[c]
        return ch(
            [
                f"how many {p} are in the picture?",
                f"how many {p} are there?",
                f"how many {p} do you see?",
                f"how many {p} are in this image?",
                f"how many {p} can you see?",
                f"how many {p}?",
            ]
        ), str(n[c])
    if qt == "color":
        m = [c for c in have if c not in ("tree", "snowman")]
        if not m:
            return None
        c = ch(m)
        w = ch(["color", "color", "colour"])
        if n[c] == 1:
            return ch([f"what {w} is the {c}?", f"what is the {w} of the {c}?", f"what {w} is this {c}?"]), col[c]
        return ch([f"what {w} are the {PLURAL[c]}?", f"what is the {w} of the {PLURAL[c]}?"]), col[c]
    if qt == "exists":
        y = r.random() < 0.5
        c = ch(have) if y and have else ch([x for x in OBJ_Q if not n[x]])
        return ch(
            [
                f"is there {'an' if c[0] in 'aeiou' else 'a'} {c} in the picture?",
                f"is there {'an' if c[0] in 'aeiou' else 'a'} {c}?",
                f"are there any {PLURAL[c]}?",
                f"do you see {'an' if c[0] in 'aeiou' else 'a'} {c}?",
                f"are there any {PLURAL[c]} in the picture?",
            ]
        ), ("yes" if n[c] else "no")
    if qt == "place":
        g = [c for c in have if c in ("dog", "cat", "ball", "car", "umbrella", "snowman")]
        if g and r.random() < 0.5:
            c = ch(g)
            return (f"where is the {c}?" if n[c] == 1 else f"where are the {PLURAL[c]}?"), sc["place"]
        return ch(
            ["where is this?", "where was this picture taken?", "where was this photo taken?", "what place is this?"]
        ), sc["place"]
    if qt == "daynight":
        if r.random() < 0.6:
            return ch(["is it day or night?", "is it daytime or nighttime?"]), "night" if sc["night"] else "day"
        if r.random() < 0.5:
            return ch(["is it night?", "is it dark outside?", "is it night time?"]), "yes" if sc["night"] else "no"
        return ch(["is it daytime?", "is it day?", "is the sun shining?"]), "no" if sc["night"] else "yes"
    if qt == "next":
        c1 = [o for o in sc["objs"] if n[o["c"]] == 1 and o["c"] not in ("bird", "kite", "boat")]
        r.shuffle(c1)
        for o in c1:
            ds = sorted(
                (math.hypot(o["x"] - q["x"], (o["y"] - o["h"] / 2 - q["y"] + q["h"] / 2)), q["c"])
                for q in sc["objs"]
                if q is not o and q["c"] not in ("bird", "kite", "boat")
            )
            if not ds or ds[0][0] > 0.36:
                continue
            oth = [x for x in ds if x[1] != ds[0][1]]
            if oth and oth[0][0] < ds[0][0] * 1.6 + 0.05:
                continue
            return ch(
                [f"what is next to the {o['c']}?", f"what is beside the {o['c']}?", f"what is near the {o['c']}?"]
            ), ds[0][1]
        return None
    if qt == "animal":
        a = [c for c in ("dog", "cat", "bird") if n[c]]
        if len(a) != 1:
            return None
        return (
            ch(
                [
                    "what animal is this?",
                    "what animal is in the picture?",
                    "what animals are in the picture?",
                    "what kind of animal is this?",
                ]
            ),
            a[0],
        )
    if qt == "side":
        m = [o for o in sc["objs"] if n[o["c"]] == 1 and abs(o["x"] - 0.5) > 0.10]
        if not m:
            return None
        o = ch(m)
        return ch(
            [
                f"is the {o['c']} on the left or on the right?",
                f"is the {o['c']} on the left or right?",
                f"which side is the {o['c']} on?",
            ]
        ), ("left" if o["x"] < 0.5 else "right")
    if qt == "colorcheck":
        m = [c for c in have if c not in ("tree", "snowman")]
        if not m:
            return None
        c = ch(m)
        y = r.random() < 0.5
        k = col[c] if y else ch([x for x in PAL[c] if x != col[c]])
        return (f"is the {c} {k}?" if n[c] == 1 else f"are the {PLURAL[c]} {k}?"), "yes" if y else "no"
    if qt == "playing":
        m = [c for c in ("dog", "cat") if n[c]]
        if len(m) != 1 or not n["ball"]:
            return None
        c = m[0]
        return (f"what is the {c} playing with?" if n[c] == 1 else f"what are the {PLURAL[c]} playing with?"), "ball"
    if qt == "sky":
        a = "kite" if n["kite"] else "bird" if n["bird"] else "moon" if sc["night"] else "sun"
        return ch(["what is in the sky?", "what do you see in the sky?"]), a
