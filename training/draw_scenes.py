"""Draws a scene with vector shapes, at any size. Coordinates run from 0 to 1 over the picture; things are drawn in units of their height."""

import math
import random

import numpy as np
from PIL import Image, ImageDraw

from sample_scenes import RGB


class Pen:
    def __init__(self, draw, size):
        self.draw, self.size, self.light = draw, size, (1, 1, 1)

    def at(self, x, y, h, flip):
        self.x, self.y, self.h, self.f = x, y, h, (-1 if flip else 1)
        return self

    def point(self, u, v):
        return ((self.x + self.f * u * self.h) * self.size, (self.y + v * self.h) * self.size)

    def tint(self, c):
        return tuple(int(max(0, min(255, a * b))) for a, b in zip(c, self.light))

    def ellipse(self, u, v, ru, rv, c):
        a, b = self.point(u, v)
        p = ru * self.h * self.size
        q = rv * self.h * self.size
        self.draw.ellipse((a - p, b - q, a + p, b + q), fill=self.tint(c))

    def polygon(self, pts, c):
        self.draw.polygon([self.point(*p) for p in pts], fill=self.tint(c))

    def rectangle(self, u0, v0, u1, v1, c):
        self.polygon([(u0, v0), (u1, v0), (u1, v1), (u0, v1)], c)

    def rounded(self, u0, v0, u1, v1, rad, c):
        a = self.point(u0, v0)
        b = self.point(u1, v1)
        x0, x1 = sorted((a[0], b[0]))
        y0, y1 = sorted((a[1], b[1]))
        self.draw.rounded_rectangle((x0, y0, x1, y1), rad * self.h * self.size, fill=self.tint(c))

    def line(self, pts, w, c):
        self.draw.line([self.point(*p) for p in pts], fill=self.tint(c), width=max(1, round(w * self.h * self.size)), joint="curve")

    def pie(self, u, v, ru, rv, a0, a1, c):
        a, b = self.point(u, v)
        p = ru * self.h * self.size
        q = rv * self.h * self.size
        self.draw.pieslice((a - p, b - q, a + p, b + q), a0, a1, fill=self.tint(c))


def shade(c, f):
    return tuple(max(0, min(255, int(a * f))) for a in c)


def mix(a, b, t):
    return tuple(int(x * (1 - t) + y * t) for x, y in zip(a, b))


INK = (30, 28, 32)


def draw_dog(pen, color, generator):
    dark = shade(color, 0.72) if sum(color) > 200 else mix(color, (255, 255, 255), 0.22)
    pen.line([(-0.42, -0.50), (-0.58, -0.74), (-0.55, -0.84)], 0.09, color)
    for u in (-0.36, -0.22, 0.14, 0.28):
        pen.rounded(u - 0.055, -0.42, u + 0.055, 0, 0.04, dark if u in (-0.22, 0.14) else color)
    pen.rounded(-0.46, -0.62, 0.36, -0.26, 0.17, color)
    pen.polygon([(0.12, -0.55), (0.40, -0.50), (0.50, -0.80), (0.28, -0.82)], color)
    pen.ellipse(0.38, -0.78, 0.19, 0.18, color)
    pen.rounded(0.40, -0.80, 0.64, -0.63, 0.07, color)
    pen.ellipse(0.62, -0.77, 0.045, 0.04, INK)
    pen.polygon([(0.24, -0.94), (0.36, -0.92), (0.34, -0.62), (0.22, -0.62)], dark)
    pen.ellipse(0.44, -0.84, 0.035, 0.04, (255, 255, 255))
    pen.ellipse(0.45, -0.84, 0.024, 0.028, INK)
    pen.line([(0.20, -0.60), (0.40, -0.56)], 0.05, (220, 60, 60))


def draw_cat(pen, color, generator):
    dark = shade(color, 0.75) if sum(color) > 200 else mix(color, (255, 255, 255), 0.22)
    pen.line([(0.20, -0.06), (0.36, -0.10), (0.38, -0.30), (0.30, -0.40)], 0.075, color)
    pen.ellipse(0, -0.25, 0.26, 0.25, color)
    pen.polygon([(-0.25, -0.22), (0.25, -0.22), (0.16, -0.56), (-0.16, -0.56)], color)
    pen.rounded(-0.15, -0.30, -0.04, 0, 0.05, dark)
    pen.rounded(0.04, -0.30, 0.15, 0, 0.05, dark)
    pen.polygon([(-0.25, -0.72), (-0.24, -1.0), (-0.05, -0.86)], color)
    pen.polygon([(0.25, -0.72), (0.24, -1.0), (0.05, -0.86)], color)
    pen.polygon([(-0.21, -0.80), (-0.21, -0.93), (-0.11, -0.86)], (240, 160, 170))
    pen.polygon([(0.21, -0.80), (0.21, -0.93), (0.11, -0.86)], (240, 160, 170))
    pen.ellipse(0, -0.69, 0.27, 0.22, color)
    for u in (-0.11, 0.11):
        pen.ellipse(u, -0.72, 0.055, 0.065, (180, 220, 90))
        pen.ellipse(u, -0.72, 0.022, 0.055, INK)
    pen.polygon([(-0.035, -0.63), (0.035, -0.63), (0, -0.59)], (230, 110, 130))
    for s in (-1, 1):
        pen.line([(s * 0.08, -0.61), (s * 0.34, -0.65)], 0.012, dark)
        pen.line([(s * 0.08, -0.59), (s * 0.34, -0.58)], 0.012, dark)


def draw_bird(pen, color, generator):
    dark = shade(color, 0.7) if sum(color) > 200 else mix(color, (255, 255, 255), 0.25)
    pen.polygon([(-0.40, -0.34), (-0.74, -0.52), (-0.70, -0.24)], dark)
    pen.ellipse(-0.05, -0.35, 0.42, 0.20, color)
    pen.ellipse(0.36, -0.46, 0.18, 0.17, color)
    pen.polygon([(0.50, -0.50), (0.75, -0.42), (0.50, -0.38)], (250, 160, 30))
    pen.polygon([(-0.18, -0.42), (0.16, -0.40), (-0.22, -1.0), (-0.42, -0.92)], dark)
    pen.ellipse(0.41, -0.49, 0.045, 0.05, (255, 255, 255))
    pen.ellipse(0.42, -0.49, 0.028, 0.03, INK)


def draw_ball(pen, color, generator):
    pen.ellipse(0, -0.5, 0.5, 0.5, color)
    pen.polygon([(-0.17, -0.96), (0.02, -0.99), (0.12, -0.5), (0.02, -0.01), (-0.17, -0.04), (-0.06, -0.5)], (250, 250, 250))
    pen.ellipse(0.22, -0.74, 0.10, 0.08, mix(color, (255, 255, 255), 0.65))


def draw_car(pen, color, generator):
    pen.polygon([(-0.62, -0.50), (-0.40, -0.98), (0.30, -0.98), (0.58, -0.50)], color)
    g = (170, 214, 236)
    pen.polygon([(-0.48, -0.54), (-0.34, -0.88), (-0.06, -0.88), (-0.06, -0.54)], g)
    pen.polygon([(0.02, -0.54), (0.02, -0.88), (0.26, -0.88), (0.44, -0.54)], g)
    pen.rounded(-0.97, -0.58, 0.97, -0.18, 0.14, color)
    pen.rectangle(-0.94, -0.30, 0.94, -0.24, shade(color, 0.75) if sum(color) > 200 else (90, 90, 96))
    pen.ellipse(0.90, -0.44, 0.07, 0.08, (255, 240, 170))
    pen.rectangle(-0.97, -0.50, -0.89, -0.38, (200, 40, 40))
    for u in (-0.52, 0.54):
        pen.ellipse(u, -0.19, 0.20, 0.19, (24, 24, 28))
        pen.ellipse(u, -0.19, 0.09, 0.09, (190, 190, 196))


def draw_house(pen, color, generator, night=False):
    roof = (110, 70, 60)
    pen.rectangle(-0.40, -0.60, 0.40, 0, color)
    pen.rectangle(0.20, -0.95, 0.31, -0.66, (120, 80, 70))
    pen.polygon([(-0.50, -0.58), (0, -1.0), (0.50, -0.58)], roof)
    k = pen.light
    w = (176, 216, 236)
    if night:
        pen.light = (1, 1, 1)
        w = (255, 224, 110)
    for u in (-0.24, 0.24):
        pen.rectangle(u - 0.10, -0.46, u + 0.10, -0.26, w)
        pen.line([(u, -0.46), (u, -0.26)], 0.02, shade(w, 0.6))
        pen.line([(u - 0.1, -0.36), (u + 0.1, -0.36)], 0.02, shade(w, 0.6))
    pen.light = k
    pen.rounded(-0.08, -0.30, 0.08, 0, 0.03, (96, 58, 36))
    pen.ellipse(0.045, -0.14, 0.015, 0.015, (240, 210, 90))


def draw_tree(pen, color, generator, place="park"):
    g = RGB["green"]
    t = (112, 76, 46)
    if place == "snow":
        pen.rectangle(-0.05, -0.2, 0.05, 0, t)
        for v, w in ((-0.12, 0.33), (-0.36, 0.27), (-0.60, 0.20)):
            pen.polygon([(-w, v), (w, v), (0, v - 0.40)], shade(g, 0.85))
            pen.polygon([(-w * 0.38, v - 0.25), (w * 0.38, v - 0.25), (0, v - 0.40)], (250, 252, 255))
    elif place == "beach":
        pen.line([(0, 0), (0.04, -0.3), (0, -0.55), (-0.05, -0.78)], 0.075, (150, 108, 66))
        for a in (-170, -140, -100, -60, -25, 0, 180):
            a = math.radians(a)
            u = -0.05 + 0.33 * math.cos(a) * 0.9
            v = -0.78 + 0.20 * math.sin(a) + 0.05
            pen.polygon(
                [(-0.05, -0.84), (u * 0.6, (v - 0.78) / 2 - 0.10), (u, v + 0.10), (u * 0.5, (v - 0.78) / 2 + 0.02), (-0.05, -0.74)],
                shade(g, 0.9 if a < 0 else 1.05),
            )
        pen.ellipse(-0.07, -0.75, 0.035, 0.035, (110, 70, 40))
        pen.ellipse(0.01, -0.74, 0.035, 0.035, (110, 70, 40))
    else:
        pen.polygon([(-0.06, 0), (0.06, 0), (0.04, -0.45), (-0.04, -0.45)], t)
        pen.ellipse(-0.15, -0.55, 0.18, 0.18, shade(g, 0.9))
        pen.ellipse(0.15, -0.55, 0.18, 0.18, shade(g, 0.9))
        pen.ellipse(0, -0.74, 0.23, 0.25, g)
        pen.ellipse(-0.06, -0.82, 0.09, 0.08, shade(g, 1.18))


def draw_umbrella(pen, color, generator):
    pen.line([(0, 0), (0, -0.95)], 0.04, (120, 90, 60))
    W = (250, 250, 250)
    pen.pie(0, -0.55, 0.47, 0.43, 180, 360, color)
    pen.polygon([(-0.30, -0.55), (-0.10, -0.55), (0, -0.98)], W)
    pen.polygon([(0.30, -0.55), (0.10, -0.55), (0, -0.98)], W)
    pen.ellipse(0, -0.98, 0.025, 0.025, (120, 90, 60))


def draw_kite(pen, color, generator):
    pen.line([(0, -0.32), (-0.08, -0.18), (0.05, -0.08), (-0.04, 0)], 0.025, (70, 70, 80))
    for u, v in ((-0.06, -0.20), (0.04, -0.09)):
        pen.polygon([(u - 0.07, v - 0.035), (u + 0.07, v + 0.035), (u + 0.07, v - 0.035), (u - 0.07, v + 0.035)], shade(color, 0.85))
    pen.polygon([(0, -1.0), (0.36, -0.70), (0, -0.30), (-0.36, -0.70)], color)
    pen.polygon([(0, -1.0), (0.36, -0.70), (0, -0.70)], mix(color, (255, 255, 255), 0.35))
    pen.polygon([(0, -0.30), (-0.36, -0.70), (0, -0.70)], shade(color, 0.82))


def draw_boat(pen, color, generator):
    pen.line([(0, -0.25), (0, -1.0)], 0.035, (96, 66, 44))
    pen.polygon([(0.03, -0.98), (0.03, -0.32), (0.40, -0.32)], color)
    pen.polygon([(-0.03, -0.86), (-0.03, -0.32), (-0.30, -0.32)], mix(color, (255, 255, 255), 0.4))
    pen.polygon([(-0.50, -0.26), (0.50, -0.26), (0.34, 0), (-0.34, 0)], (128, 84, 52))
    pen.rectangle(-0.47, -0.22, 0.47, -0.17, (250, 250, 250))


def draw_snowman(pen, color, generator):
    o = (196, 210, 228)
    w = (252, 253, 255)
    for v, q in ((-0.22, 0.25), (-0.56, 0.19)):
        pen.ellipse(0, v, q + 0.012, q * 0.95 + 0.012, o)
        pen.ellipse(0, v, q, q * 0.95, w)
    pen.ellipse(0, -0.80, 0.14, 0.13, w)
    pen.line([(-0.16, -0.58), (-0.32, -0.74)], 0.025, (100, 70, 44))
    pen.line([(0.16, -0.58), (0.32, -0.74)], 0.025, (100, 70, 44))
    pen.rectangle(-0.16, -0.92, 0.16, -0.89, INK)
    pen.rectangle(-0.10, -1.0, 0.10, -0.90, INK)
    pen.polygon([(0, -0.80), (0.17, -0.77), (0, -0.76)], (246, 130, 30))
    pen.ellipse(-0.045, -0.83, 0.018, 0.018, INK)
    pen.ellipse(0.045, -0.83, 0.018, 0.018, INK)
    pen.rectangle(-0.13, -0.70, 0.13, -0.66, (214, 50, 50))
    for v in (-0.58, -0.50):
        pen.ellipse(0, v, 0.016, 0.016, INK)


DRAW = dict(
    dog=draw_dog,
    cat=draw_cat,
    bird=draw_bird,
    ball=draw_ball,
    car=draw_car,
    house=draw_house,
    tree=draw_tree,
    umbrella=draw_umbrella,
    kite=draw_kite,
    boat=draw_boat,
    snowman=draw_snowman,
)



def grad(top, bot, S, h):
    t = np.linspace(0, 1, max(1, h))[:, None, None]
    a = np.array(top) * (1 - t) + np.array(bot) * t
    return Image.fromarray(np.broadcast_to(a, (max(1, h), S, 3)).astype(np.uint8))


def draw_scene(sc, S=256):
    r = random.Random(sc["seed"])
    night = sc["night"]
    place = sc["place"]
    im = Image.new("RGB", (S, S))
    d = ImageDraw.Draw(im)
    hz = r.uniform(0.50, 0.56)
    j = lambda c, a=10: tuple(max(0, min(255, v + r.randint(-a, a))) for v in c)
    if night:
        sky = (j((10, 14, 48)), j((48, 52, 104)))
    else:
        sky = {
            "beach": ((70, 168, 238), (190, 228, 248)),
            "park": ((96, 180, 240), (206, 234, 250)),
            "street": ((128, 186, 228), (228, 226, 214)),
            "snow": ((150, 190, 224), (224, 236, 246)),
        }[place]
        sky = (j(sky[0]), j(sky[1]))
    im.paste(grad(sky[0], sky[1], S, int((hz + 0.05) * S) + 2), (0, 0))
    pen = Pen(d, S)
    kb = (0.42, 0.46, 0.62) if night else (1, 1, 1)
    pen.at(0, 0, 1, False)
    cx, cy = sc["celest"]
    if night:
        for _ in range(22):
            x, y = r.random(), r.uniform(0, hz * 0.85)
            q = r.uniform(0.002, 0.005)
            pen.ellipse(x, y, q, q, (255, 250, 220))
        pen.ellipse(cx, cy, 0.065, 0.065, (248, 244, 208))
        pen.ellipse(cx + 0.028, cy - 0.016, 0.054, 0.054, mix(sky[0], sky[1], cy / hz))
    else:
        pen.ellipse(cx, cy, 0.085, 0.085, mix(mix(sky[0], sky[1], cy / hz), (255, 238, 150), 0.55))
        pen.ellipse(cx, cy, 0.062, 0.062, (255, 222, 70))
    pen.light = kb
    for _ in range(r.randint(0, 3)):
        x, y = r.random(), r.uniform(0.08, 0.34)
        s = r.uniform(0.6, 1.1)
        cc = (250, 252, 255) if not night else (150, 156, 176)
        cc = mix(cc, sky[1] if not night else cc, 0.25)
        for u, v, q in ((-0.06, 0, 0.035), (0, -0.02, 0.05), (0.06, 0, 0.04)):
            pen.ellipse(x + u * s, y + v * s, q * s, q * s * 0.7, cc)

    def ground(y0, top, bot):
        g = grad(pen.tint(j(top)), pen.tint(j(bot)), S, S - int(y0 * S))
        im.paste(g, (0, int(y0 * S)))

    if place == "beach":
        ground(hz, (36, 128, 186), (80, 186, 214))
        for _ in range(9):
            x, y = r.random(), r.uniform(hz + 0.01, 0.66)
            pen.line([(x, y), (x + 0.06, y)], 0.005, (200, 236, 246))
        pts = [(0, 1)] + [(i / 12, 0.655 + 0.014 * math.sin(i * 0.9 + r.random() * 0.6)) for i in range(13)] + [(1, 1)]
        pen.polygon([(u, v - 0.014) for u, v in pts], (236, 246, 246))
        pen.polygon(pts, j((238, 214, 150)))
        for _ in range(26):
            x, y = r.random(), r.uniform(0.70, 1)
            pen.ellipse(x, y, 0.005, 0.003, (214, 186, 124))
    elif place == "park":
        pen.ellipse(r.uniform(0, 0.4), hz + 0.10, 0.5, 0.17, j((124, 186, 92)))
        pen.ellipse(r.uniform(0.6, 1), hz + 0.10, 0.5, 0.19, j((108, 174, 84)))
        ground(hz + 0.03, (118, 190, 80), (78, 152, 58))
        for _ in range(24):
            x, y = r.random(), r.uniform(hz + 0.06, 0.99)
            pen.line([(x - 0.008, y - 0.016), (x, y), (x + 0.008, y - 0.018)], 0.004, (60, 128, 46))
        for _ in range(7):
            x, y = r.random(), r.uniform(0.66, 0.99)
            pen.ellipse(x, y, 0.006, 0.006, r.choice([(255, 255, 255), (250, 220, 90), (246, 150, 190)]))
    elif place == "street":
        x = -0.02
        while x < 1:
            w = r.uniform(0.09, 0.17)
            h = r.uniform(0.10, 0.30)
            c = j(r.choice([(168, 160, 158), (150, 156, 170), (180, 168, 150)]), 12)
            pen.rectangle(x, hz - h, x + w, hz + 0.04, c)
            for yy in np.arange(hz - h + 0.025, hz - 0.02, 0.045):
                for xx in np.arange(x + 0.02, x + w - 0.025, 0.036):
                    lit = night and r.random() < 0.45
                    k = pen.light
                    if lit:
                        pen.light = (1, 1, 1)
                    pen.rectangle(xx, yy, xx + 0.018, yy + 0.024, (250, 216, 110) if lit else shade(c, 0.78))
                    pen.light = k
            x += w + r.uniform(0, 0.02)
        ground(hz + 0.03, (190, 186, 180), (182, 178, 172))
        pen.rectangle(0, 0.69, 1, 1, j((96, 98, 104)))
        pen.rectangle(0, 0.685, 1, 0.70, (150, 148, 146))
        for i in range(5):
            pen.rectangle(0.04 + i * 0.22, 0.845, 0.15 + i * 0.22, 0.86, (240, 236, 214))
    else:
        pen.polygon([(0, hz + 0.05), (0.18, hz - 0.16), (0.36, hz + 0.05)], (176, 194, 214))
        pen.polygon([(0.3, hz + 0.05), (0.58, hz - 0.20), (0.86, hz + 0.05)], (164, 184, 208))
        pen.polygon([(0.5, hz - 0.13), (0.58, hz - 0.20), (0.66, hz - 0.13), (0.58, hz - 0.10)], (246, 250, 255))
        pen.polygon([(0.7, hz + 0.05), (0.92, hz - 0.12), (1.1, hz + 0.05)], (180, 198, 216))
        ground(hz + 0.03, (214, 226, 238), (236, 242, 248))
        pen.ellipse(0.2, hz + 0.09, 0.5, 0.08, (222, 232, 242))
        pen.ellipse(0.85, hz + 0.10, 0.45, 0.07, (216, 228, 240))
    ko = (0.86, 0.86, 0.88) if night else (1, 1, 1)
    for o in sorted(sc["objs"], key=lambda o: (o["c"] in ("bird", "kite"), o["y"])):
        rr = random.Random(o["seed"])
        c = RGB[o["col"]]
        a = rr.randint(-16, 16)
        c = tuple(max(0, min(255, v + a + rr.randint(-5, 5))) for v in c)
        pen.at(o["x"], o["y"], o["h"], o["flip"])
        if o["c"] not in ("bird", "kite", "boat"):
            pen.light = kb
            gcol = {
                "beach": (206, 180, 120),
                "park": (62, 128, 48),
                "street": (84, 86, 92) if o["y"] > 0.69 else (150, 146, 142),
                "snow": (192, 206, 222),
            }[place]
            w = {"dog": 0.5, "cat": 0.3, "ball": 0.42, "car": 0.95, "house": 0.45, "tree": 0.2, "umbrella": 0.3, "snowman": 0.28}[o["c"]]
            pen.ellipse(0, -0.005, w, 0.05, gcol)
        pen.light = ko
        kw = {}
        if o["c"] == "tree":
            kw["place"] = place
        if o["c"] == "house":
            kw["night"] = night
        DRAW[o["c"]](pen, c, rr, **kw)
    if place == "snow":
        pen.light = (1, 1, 1)
        pen.at(0, 0, 1, False)
        for _ in range(r.choice([0, 18, 30])):
            x, y = r.random(), r.random()
            pen.ellipse(x, y, 0.005, 0.005, (255, 255, 255))
    return im
