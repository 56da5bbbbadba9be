"""What is true about a scene: the answers, before any words. `None` means that the scene does not say it clearly.

What the answers mean is written here once: weather is "snowy" in the snow, else "sunny" by day and "clear" at night; a
dog or cat plays where the scene has a ball; otherwise dogs stand and cats sit, as they are drawn.
"""

import math

from sample_scenes import CLASSES, PLURAL

AIR_OR_WATER = ("bird", "kite", "boat")
ANIMALS = ("dog", "cat", "bird")
NEAR, CLEARLY, MARGIN = 0.36, 1.7, 0.05
ASIDE, BIGGER = 0.10, 1.35


class Facts:
    """Counts, colors and positions of a scene's things."""

    def __init__(self, scene: dict):
        self.scene, self.place, self.night = scene, scene["place"], scene["night"]
        self.count = dict.fromkeys(CLASSES, 0)
        self.color: dict[str, str] = {}
        self.members: dict[str, list[dict]] = {name: [] for name in CLASSES}
        for thing in scene["objs"]:
            self.count[thing["c"]] += 1
            self.color[thing["c"]] = thing["col"]
            self.members[thing["c"]].append(thing)
        self.have = [name for name in CLASSES if self.count[name]]
        self.lack = [name for name in CLASSES if not self.count[name]]
        self.animals = [name for name in ANIMALS if self.count[name]]

    def total(self, names) -> int:
        return sum(self.count[name] for name in names)

    def weather(self) -> str:
        return "snowy" if self.place == "snow" else "clear" if self.night else "sunny"

    def sky(self) -> str:
        return "kite" if self.count["kite"] else "bird" if self.count["bird"] else "moon" if self.night else "sun"

    def where(self, name: str) -> str:
        return "sky" if name in ("bird", "kite") else "water" if name == "boat" else self.place

    def doing(self, name: str) -> str:
        if name in ("dog", "cat"):
            return "playing" if self.count["ball"] else "standing" if name == "dog" else "sitting"
        return {"bird": "flying", "kite": "flying", "boat": "sailing", "car": "parked"}.get(name, "standing")

    def neighbours(self, name: str) -> list[tuple[float, str]]:
        """Distances of a single thing on the ground to the others there, nearest first."""
        if self.count[name] != 1 or name in AIR_OR_WATER:
            return []
        one = self.members[name][0]
        return sorted(
            (math.hypot(one["x"] - other["x"], (one["y"] - one["h"] / 2) - (other["y"] - other["h"] / 2)), other["c"])
            for other in self.scene["objs"]
            if other is not one and other["c"] not in AIR_OR_WATER
        )

    def next_to(self, name: str) -> str | None:
        """The one thing that is clearly nearest."""
        found = self.neighbours(name)
        if not found or found[0][0] > NEAR:
            return None
        others = [distance for distance, kind in found if kind != found[0][1]]
        if others and others[0] < found[0][0] * CLEARLY + MARGIN:
            return None
        return found[0][1]

    def is_next_to(self, name: str, other: str) -> bool | None:
        distances = [distance for distance, kind in self.neighbours(name) if kind == other]
        if not distances:
            return None
        if self.next_to(name) == other and distances[0] < 0.28:
            return True
        return False if distances[0] > 0.5 else None

    def side(self, name: str) -> str | None:
        """Left or right, where all of the kind stand clearly on one side."""
        places = [thing["x"] for thing in self.members[name]]
        if places and max(places) < 0.5 - ASIDE:
            return "left"
        return "right" if places and min(places) > 0.5 + ASIDE else None

    def is_left_of(self, name: str, other: str) -> bool | None:
        """Clear only where all of one kind are on the same side of all of the other."""
        mine, theirs = ([thing["x"] for thing in self.members[kind]] for kind in (name, other))
        if not mine or not theirs or name == other:
            return None
        if max(mine) < min(theirs) - ASIDE:
            return True
        return False if min(mine) > max(theirs) + ASIDE else None

    def beside(self, name: str, side: str) -> str | None:
        """The nearest kind on that side of a single thing; "none" where nothing is; None where it is not clear."""
        if self.count[name] != 1:
            return None
        one, sign = self.members[name][0], -1 if side == "left" else 1
        ahead = sorted(
            (
                math.hypot(one["x"] - other["x"], (one["y"] - one["h"] / 2) - (other["y"] - other["h"] / 2)),
                other["c"],
                sign * (other["x"] - one["x"]),
            )
            for other in self.scene["objs"]
            if other is not one and sign * (other["x"] - one["x"]) > 0.02
        )
        if not ahead:
            return "none"
        others = [distance for distance, kind, _ in ahead if kind != ahead[0][1]]
        if ahead[0][2] < 0.07 or (others and others[0] < ahead[0][0] * 1.4 + MARGIN):
            return None
        return ahead[0][1]

    def area(self, name: str) -> float:
        return max((b[2] - b[0]) * (b[3] - b[1]) for b in (thing["box"] for thing in self.members[name]))

    def bigger(self, name: str, other: str) -> str | None:
        """The kind that is clearly bigger as drawn: the box of its biggest one."""
        mine, theirs = self.area(name), self.area(other)
        return name if mine > theirs * BIGGER else other if theirs > mine * BIGGER else None

    def listing(self, names) -> str:
        """'dog', 'dog and cat', 'dog, cat and bird'; 'none'."""
        names = list(names)
        if len(names) < 2:
            return names[0] if names else "none"
        return ", ".join(names[:-1]) + " and " + names[-1]

    def named(self, name: str) -> str:
        return PLURAL[name] if self.count[name] > 1 else name
