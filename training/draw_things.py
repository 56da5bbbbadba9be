"""The things in a scene, one function each: drawn upwards from (0, 0), where it stands, in units of its height."""

import math

from pen import mix, shade
from sample_scenes import RGB

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
    pen.polygon(
        [(-0.17, -0.96), (0.02, -0.99), (0.12, -0.5), (0.02, -0.01), (-0.17, -0.04), (-0.06, -0.5)], (250, 250, 250)
    )
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
                [
                    (-0.05, -0.84),
                    (u * 0.6, (v - 0.78) / 2 - 0.10),
                    (u, v + 0.10),
                    (u * 0.5, (v - 0.78) / 2 + 0.02),
                    (-0.05, -0.74),
                ],
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
        pen.polygon(
            [(u - 0.07, v - 0.035), (u + 0.07, v + 0.035), (u + 0.07, v - 0.035), (u - 0.07, v + 0.035)],
            shade(color, 0.85),
        )
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
