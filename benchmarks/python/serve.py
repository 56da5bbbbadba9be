"""A worker as a server: one JSON request per line in, one JSON reply per line out, until the input ends.

{"do": "open", "checkpoint": …} makes the worker and is answered with its versions. Every other request names a method,
whose arguments stand beside it: {"do": "run", "stage": "caption", "tokens": 10}. An error is a reply: the other side
decides.
"""
import json
import sys
from collections.abc import Callable
from typing import Any

MAX_MESSAGE = 2000


def serve(make_worker: Callable[[str], Any], versions: dict[str, str]) -> None:
    worker = None
    for line in sys.stdin:
        request = json.loads(line)
        do = request.pop("do")
        try:
            if do == "open":
                worker = make_worker(request["checkpoint"])
                reply = versions
            else:
                reply = getattr(worker, do)(**request)
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {str(error)[:MAX_MESSAGE]}"}
        print(json.dumps(reply), flush=True)
