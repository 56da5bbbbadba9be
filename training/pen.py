"""A pen for vector shapes at any size. Coordinates run from 0 to 1 over the picture; a thing is drawn in units of its
height.
"""


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
        self.draw.line(
            [self.point(*p) for p in pts], fill=self.tint(c), width=max(1, round(w * self.h * self.size)), joint="curve"
        )

    def pie(self, u, v, ru, rv, a0, a1, c):
        a, b = self.point(u, v)
        p = ru * self.h * self.size
        q = rv * self.h * self.size
        self.draw.pieslice((a - p, b - q, a + p, b + q), a0, a1, fill=self.tint(c))


def shade(c, f):
    return tuple(max(0, min(255, int(a * f))) for a in c)


def mix(a, b, t):
    return tuple(int(x * (1 - t) + y * t) for x, y in zip(a, b))
