"""compare_notebooks.py SAVED AGAIN: the saved notebooks' outputs against a fresh run of them.

Compared: the outputs' order and kinds, every text, every whole number, names of tables' columns and their rows, and
pictures pixel by pixel. Decimals, shares and sizes may differ as little as another processor makes them (`close`).
Passed over: times, ratios of times and charts of times, versions, and what the machine is: precision, threads, its
name, further devices. A cell whose tags say `depends-on-machine` must show something and no error; what it shows may
differ. Prints the first difference of each cell and exits with 1.
"""
from __future__ import annotations

import base64
import io
import json
import re
import sys
from pathlib import Path

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
# Columns of tables that hold times or describe the machine.
OTHER_COLUMN = re.compile(r"\b(ms|time|speed-up|version|role|full name)\b|p10|p90")
# The same in running text: what is cut out before two lines are compared.
OTHER_TEXT = [
    (re.compile(r"\d+(\.\d+)? ?(ms|s)\b"), "TIME"),
    (re.compile(r"(?<=^speed-up ).*"), "RATIOS"),
    (re.compile(r"\bprecision \w+"), "PRECISION"),
    (re.compile(r"\b(bf16|f16|f32)(?=,? (\d+ threads|\(milliseconds\)))"), "PRECISION"),
    (re.compile(r"\bthreads \d+|\b\d+ threads\b"), "THREADS"),
    (re.compile(r"(?<=, THREADS, ).+"), "NAME"),
    (re.compile(r"(?<=^(?:FP16|INT8) folder: computed in ).+"), "PRECISIONS"),
    (re.compile(r"(?<=http://127\.0\.0\.1:)\d+/(\?token=[\w-]+)?"), "PORT/"),
]
MACHINE_TAG = "depends-on-machine"
# Another decoder of JPEG, or another compression of PNG, moves values by one or two levels.
PIXEL_TOLERANCE = 2


def close(before: str, after: str, share: bool = False, questions: int | None = None) -> bool:
    """Whole numbers must be equal; decimals within 1 %; shares within 2 points, or one question where there are few."""
    if before == after:
        return True
    if "." not in before or "." not in after:
        return False
    a, b = float(before), float(after)
    if share:
        return abs(a - b) <= max(2, 101 / questions if questions else 0)
    return abs(a - b) <= max(0.01 * max(abs(a), abs(b)), 0.02)


def same_text(before: str, after: str, questions: int | None = None) -> bool:
    if NUMBER.sub("#", before) != NUMBER.sub("#", after):
        return False
    pairs = zip(NUMBER.finditer(before), NUMBER.finditer(after))
    return all(
        close(a.group(), b.group(), bool(re.match(r" ?(%|points)", before[a.end() :])), questions) for a, b in pairs
    )


def lines_of(text: str) -> list[str]:
    """Lines and tables as comparable lines: a table's row is `column: value | ...` without the columns passed over."""
    if "(milliseconds)" in text:  # the text of a chart of times: its names are compared
        text = re.sub(r"\d+\.\d+", "TIME", text)
    lines, result, at = text.splitlines(), [], 0
    while at < len(lines):
        rule = lines[at + 1] if at + 1 < len(lines) else ""
        if re.fullmatch(r"-+( +-+)*", rule.strip()) and lines[at].strip():
            spans = [match.span() for match in re.finditer(r"-+", rule)]
            columns = [lines[at][a:b].strip() for a, b in spans]
            at += 2
            while at < len(lines) and lines[at].strip():
                result.extend(row_of(columns, [lines[at][a:b].strip() for a, b in spans]))
                at += 1
        else:
            line = re.sub(r"\s+", " ", lines[at]).strip()
            for pattern, word in OTHER_TEXT:
                line = pattern.sub(word, line)
            if line:
                result.append(line)
            at += 1
    return result


def row_of(columns: list[str], values: list[str]) -> list[str]:
    row = dict(zip(columns, values))
    if "chosen" in row and row["chosen"] != "yes":
        return []  # devices that another machine may not have
    return [" | ".join(f"{name}: {value}" for name, value in row.items() if not OTHER_COLUMN.search(name))]


def png_pixels(data: str) -> np.ndarray:
    """[height, width, 4] of 0 to 255."""
    import numpy as np  # both are slow to load and seldom needed: most images have equal bytes
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"), np.int16)


def picture_difference(before: dict, after: dict) -> str | None:
    if "image/png" not in before or "image/png" not in after:
        return None
    if "data:image/webp" not in joined(before.get("text/html", "data:image/webp")):
        return None  # charts and drawings show measurements; their text and kind are compared
    if before["image/png"] == after["image/png"]:
        return None
    a, b = png_pixels(before["image/png"]), png_pixels(after["image/png"])
    if a.shape != b.shape:
        return f"an image of {a.shape[1]} x {a.shape[0]} pixels became {b.shape[1]} x {b.shape[0]}"
    changed = int((abs(a - b) > PIXEL_TOLERANCE).any(-1).sum())
    return f"{changed} of {a.shape[0] * a.shape[1]} pixels of an image changed" if changed else None


def joined(value) -> str:
    """Notebooks store texts as lists of lines."""
    return "".join(value) if isinstance(value, list) else str(value)


def code_cells(path: Path) -> list[dict]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def outputs_of(cell: dict) -> list[tuple[str, str, dict]]:
    """(kind, text, MIME bundle) of each output."""
    result = []
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            result.append((f"stream {output['name']}", joined(output["text"]), {}))
        elif output["output_type"] == "error":
            result.append(("error", f"{output['ename']}: {output['evalue']}", {}))
        else:
            data = {kind: joined(value) for kind, value in output["data"].items()}
            result.append(
                (
                    f"{output['output_type']} {', '.join(sorted(data))}",
                    data.get("text/plain", data.get("text/html", "")),
                    data,
                )
            )
    return result


def cell_difference(saved, again) -> str | None:
    before, after = outputs_of(saved), outputs_of(again)
    if MACHINE_TAG in saved["metadata"].get("tags", []):
        return machine_difference(after)
    for index in range(max(len(before), len(after))):
        if index >= len(before) or index >= len(after):
            return f"  saved: {len(before)} outputs\n  again: {len(after)} outputs"
        (kind_a, text_a, data_a), (kind_b, text_b, data_b) = before[index], after[index]
        if kind_a != kind_b:
            return f"  saved: {kind_a}\n  again: {kind_b}"
        lines_a, lines_b = lines_of(text_a), lines_of(text_b)
        for row in range(max(len(lines_a), len(lines_b))):
            a, b = (lines[row] if row < len(lines) else "(nothing)" for lines in (lines_a, lines_b))
            questions = re.search(r"questions: (\d+)", a)
            if not same_text(a, b, int(questions.group(1)) if questions else None):
                return f"  saved: {a[:300]}\n  again: {b[:300]}"
        difference = picture_difference(data_a, data_b)
        if difference:
            return f"  {difference}"
    return None


def machine_difference(after: list[tuple[str, str, dict]]) -> str | None:
    wrong = [text for kind, text, _ in after if kind in ("error", "stream stderr")]
    return f"  again: {wrong[0][:300]}" if wrong else None if after else "  again: no output"


def main(saved_folder: Path, again_folder: Path) -> int:
    problems = 0
    names = sorted({path.name for folder in (saved_folder, again_folder) for path in folder.glob("*.ipynb")})
    if not names:
        print(f"no notebooks in {saved_folder}", file=sys.stderr)
        return 1
    for name in names:
        missing = [str(folder) for folder in (saved_folder, again_folder) if not (folder / name).exists()]
        if missing:
            print(f"{name}: missing in {missing[0]}", file=sys.stderr)
            problems += 1
            continue
        saved, again = (code_cells(folder / name) for folder in (saved_folder, again_folder))
        if [joined(cell["source"]) for cell in saved] != [joined(cell["source"]) for cell in again]:
            print(f"{name}: the cells themselves differ", file=sys.stderr)
            problems += 1
            continue
        for number, (a, b) in enumerate(zip(saved, again), 1):
            difference = cell_difference(a, b)
            if difference:
                problems += 1
                print(f"{name}, cell {number}: results differ\n{difference}", file=sys.stderr)
        print(f"{name}: {len(saved)} cells compared with the saved run")
    if problems:
        print(
            f"{problems} difference{'s' if problems > 1 else ''}. If intended, save them again: npm start -- --save",
            file=sys.stderr,
        )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
