"""Draws a scene at any size: sky, clouds, the ground of its place, its things from the back to the front, falling snow.
"""

import math
import random

import numpy as np
from PIL import Image, ImageDraw

from draw_things import DRAW
from pen import Pen, mix, shade
from sample_scenes import RGB

# Light of day and night on the scenery, and on things, which stay easier to see.
SCENERY_LIGHT = {False: (1, 1, 1), True: (0.42, 0.46, 0.62)}
THING_LIGHT = {False: (1, 1, 1), True: (0.86, 0.86, 0.88)}
SKY = {
    "night": ((10, 14, 48), (48, 52, 104)),
    "beach": ((70, 168, 238), (190, 228, 248)),
    "park": ((96, 180, 240), (206, 234, 250)),
    "street": ((128, 186, 228), (228, 226, 214)),
    "snow": ((150, 190, 224), (224, 236, 246)),
}
# Things on the ground throw a shadow of this half width.
SHADOW = {
    "dog": 0.5,
    "cat": 0.3,
    "ball": 0.42,
    "car": 0.95,
    "house": 0.45,
    "tree": 0.2,
    "umbrella": 0.3,
    "snowman": 0.28,
}
IN_THE_AIR = ("bird", "kite")


class Canvas:
    """The picture in the making, and chance: all numbers come from one generator, in the order of drawing."""

    def __init__(self, scene, size):
        self.size, self.night, self.place = size, scene["night"], scene["place"]
        self.chance = random.Random(scene["seed"])
        self.image = Image.new("RGB", (size, size))
        self.pen = Pen(ImageDraw.Draw(self.image), size)
        self.horizon = self.chance.uniform(0.50, 0.56)

    def vary(self, color, by=10):
        return tuple(max(0, min(255, v + self.chance.randint(-by, by))) for v in color)

    def gradient(self, y, top, bottom, height):
        """Rows from `y` (in pixels) on, from one color to the other."""
        t = np.linspace(0, 1, max(1, height))[:, None, None]
        rows = np.array(top) * (1 - t) + np.array(bottom) * t
        self.image.paste(
            Image.fromarray(np.broadcast_to(rows, (max(1, height), self.size, 3)).astype(np.uint8)), (0, y)
        )

    def ground(self, y, top, bottom):
        start = int(y * self.size)
        self.gradient(start, self.pen.tint(self.vary(top)), self.pen.tint(self.vary(bottom)), self.size - start)


def draw_sky(canvas, sun):
    """Stars and moon, or the sun, which stands where `sun` says."""
    pen, r, hz = canvas.pen, canvas.chance, canvas.horizon
    top, bottom = SKY["night" if canvas.night else canvas.place]
    top, bottom = canvas.vary(top), canvas.vary(bottom)
    canvas.gradient(0, top, bottom, int((hz + 0.05) * canvas.size) + 2)
    pen.at(0, 0, 1, False)
    x, y = sun
    behind = mix(top, bottom, y / hz)
    if canvas.night:
        for _ in range(22):
            star = r.random(), r.uniform(0, hz * 0.85)
            q = r.uniform(0.002, 0.005)
            pen.ellipse(*star, q, q, (255, 250, 220))
        pen.ellipse(x, y, 0.065, 0.065, (248, 244, 208))
        pen.ellipse(x + 0.028, y - 0.016, 0.054, 0.054, behind)
    else:
        pen.ellipse(x, y, 0.085, 0.085, mix(behind, (255, 238, 150), 0.55))
        pen.ellipse(x, y, 0.062, 0.062, (255, 222, 70))
    pen.light = SCENERY_LIGHT[canvas.night]
    draw_clouds(canvas, bottom)


def draw_clouds(canvas, sky):
    pen, r = canvas.pen, canvas.chance
    color = (150, 156, 176) if canvas.night else mix((250, 252, 255), sky, 0.25)
    for _ in range(r.randint(0, 3)):
        x, y = r.random(), r.uniform(0.08, 0.34)
        s = r.uniform(0.6, 1.1)
        for u, v, q in ((-0.06, 0, 0.035), (0, -0.02, 0.05), (0.06, 0, 0.04)):
            pen.ellipse(x + u * s, y + v * s, q * s, q * s * 0.7, color)


def draw_beach(canvas):
    pen, r, hz = canvas.pen, canvas.chance, canvas.horizon
    canvas.ground(hz, (36, 128, 186), (80, 186, 214))
    for _ in range(9):
        x, y = r.random(), r.uniform(hz + 0.01, 0.66)
        pen.line([(x, y), (x + 0.06, y)], 0.005, (200, 236, 246))
    shore = [(0, 1)] + [(i / 12, 0.655 + 0.014 * math.sin(i * 0.9 + r.random() * 0.6)) for i in range(13)] + [(1, 1)]
    pen.polygon([(u, v - 0.014) for u, v in shore], (236, 246, 246))
    pen.polygon(shore, canvas.vary((238, 214, 150)))
    for _ in range(26):
        x, y = r.random(), r.uniform(0.70, 1)
        pen.ellipse(x, y, 0.005, 0.003, (214, 186, 124))


def draw_park(canvas):
    pen, r, hz = canvas.pen, canvas.chance, canvas.horizon
    pen.ellipse(r.uniform(0, 0.4), hz + 0.10, 0.5, 0.17, canvas.vary((124, 186, 92)))
    pen.ellipse(r.uniform(0.6, 1), hz + 0.10, 0.5, 0.19, canvas.vary((108, 174, 84)))
    canvas.ground(hz + 0.03, (118, 190, 80), (78, 152, 58))
    for _ in range(24):
        x, y = r.random(), r.uniform(hz + 0.06, 0.99)
        pen.line([(x - 0.008, y - 0.016), (x, y), (x + 0.008, y - 0.018)], 0.004, (60, 128, 46))
    for _ in range(7):
        x, y = r.random(), r.uniform(0.66, 0.99)
        pen.ellipse(x, y, 0.006, 0.006, r.choice([(255, 255, 255), (250, 220, 90), (246, 150, 190)]))


def draw_street(canvas):
    pen, r, hz = canvas.pen, canvas.chance, canvas.horizon
    x = -0.02
    while x < 1:
        w = r.uniform(0.09, 0.17)
        h = r.uniform(0.10, 0.30)
        color = canvas.vary(r.choice([(168, 160, 158), (150, 156, 170), (180, 168, 150)]), 12)
        pen.rectangle(x, hz - h, x + w, hz + 0.04, color)
        draw_windows(canvas, x, w, h, color)
        x += w + r.uniform(0, 0.02)
    canvas.ground(hz + 0.03, (190, 186, 180), (182, 178, 172))
    pen.rectangle(0, 0.69, 1, 1, canvas.vary((96, 98, 104)))
    pen.rectangle(0, 0.685, 1, 0.70, (150, 148, 146))
    for i in range(5):
        pen.rectangle(0.04 + i * 0.22, 0.845, 0.15 + i * 0.22, 0.86, (240, 236, 214))


def draw_windows(canvas, x, w, h, wall):
    pen, hz = canvas.pen, canvas.horizon
    light = pen.light
    for v in np.arange(hz - h + 0.025, hz - 0.02, 0.045):
        for u in np.arange(x + 0.02, x + w - 0.025, 0.036):
            lit = canvas.night and canvas.chance.random() < 0.45
            pen.light = (1, 1, 1) if lit else light
            pen.rectangle(u, v, u + 0.018, v + 0.024, (250, 216, 110) if lit else shade(wall, 0.78))
    pen.light = light


def draw_snow(canvas):
    pen, hz = canvas.pen, canvas.horizon
    pen.polygon([(0, hz + 0.05), (0.18, hz - 0.16), (0.36, hz + 0.05)], (176, 194, 214))
    pen.polygon([(0.3, hz + 0.05), (0.58, hz - 0.20), (0.86, hz + 0.05)], (164, 184, 208))
    pen.polygon([(0.5, hz - 0.13), (0.58, hz - 0.20), (0.66, hz - 0.13), (0.58, hz - 0.10)], (246, 250, 255))
    pen.polygon([(0.7, hz + 0.05), (0.92, hz - 0.12), (1.1, hz + 0.05)], (180, 198, 216))
    canvas.ground(hz + 0.03, (214, 226, 238), (236, 242, 248))
    pen.ellipse(0.2, hz + 0.09, 0.5, 0.08, (222, 232, 242))
    pen.ellipse(0.85, hz + 0.10, 0.45, 0.07, (216, 228, 240))


PLACES = {"beach": draw_beach, "park": draw_park, "street": draw_street, "snow": draw_snow}


def draw_thing(canvas, thing):
    """One thing on its shadow, in its own color, slightly varied."""
    pen, kind = canvas.pen, thing["c"]
    r = random.Random(thing["seed"])
    by = r.randint(-16, 16)
    color = tuple(max(0, min(255, v + by + r.randint(-5, 5))) for v in RGB[thing["col"]])
    pen.at(thing["x"], thing["y"], thing["h"], thing["flip"])
    if kind in SHADOW:
        pen.light = SCENERY_LIGHT[canvas.night]
        street = (84, 86, 92) if thing["y"] > 0.69 else (150, 146, 142)
        shadow = {"beach": (206, 180, 120), "park": (62, 128, 48), "street": street, "snow": (192, 206, 222)}[
            canvas.place
        ]
        pen.ellipse(0, -0.005, SHADOW[kind], 0.05, shadow)
    pen.light = THING_LIGHT[canvas.night]
    more = {"tree": {"place": canvas.place}, "house": {"night": canvas.night}}.get(kind, {})
    DRAW[kind](pen, color, r, **more)


def draw_flakes(canvas):
    pen, r = canvas.pen, canvas.chance
    pen.light = (1, 1, 1)
    pen.at(0, 0, 1, False)
    for _ in range(r.choice([0, 18, 30])):
        x, y = r.random(), r.random()
        pen.ellipse(x, y, 0.005, 0.005, (255, 255, 255))


def draw_scene(scene, size=256):
    """A PIL image of `size` x `size` pixels of what sample_scenes.py made."""
    canvas = Canvas(scene, size)
    draw_sky(canvas, scene["celest"])
    PLACES[canvas.place](canvas)
    for thing in sorted(scene["objs"], key=lambda thing: (thing["c"] in IN_THE_AIR, thing["y"])):
        draw_thing(canvas, thing)
    if canvas.place == "snow":
        draw_flakes(canvas)
    return canvas.image
