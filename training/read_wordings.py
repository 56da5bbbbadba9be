"""The wordings of questions, from wordings/*.txt: `== kind form`, then one wording a line; # begins a comment."""

from pathlib import Path

from expand_templates import Template

FOLDER = Path(__file__).with_name("wordings")
Forms = dict[str, list[Template]]


def read_sections(name: str) -> dict[str, list[Template]]:
    """'count ask' -> its wordings"""
    sections: dict[str, list[Template]] = {}
    current: list[Template] | None = None
    for number, line in enumerate((FOLDER / name).read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("== "):
            current = sections.setdefault(line[3:].strip(), [])
        elif current is None:
            raise ValueError(f"{name}:{number}: a wording before the first section")
        else:
            current.append(Template(line))
    return sections


def read_kinds(*names: str) -> dict[str, Forms]:
    """'count' -> {'ask': [...], 'tell': [...], 'short': [...]}"""
    kinds: dict[str, Forms] = {}
    for name in names:
        for title, wordings in read_sections(name).items():
            kind, form = title.split()
            kinds.setdefault(kind, {})[form] = wordings
    return kinds


OTHERS = read_sections("others.txt")
