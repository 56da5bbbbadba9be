"""drive_kernel.py: a Jupyter client for tests. Reads one JSON command per line, answers each with one JSON line.

{"op": "start", "spec": {...}, "cwd": "..."}            starts the kernel, waits until it is ready
{"op": "run", "code": "...", "interrupt_at": "file"}    runs a cell; interrupts it once the file exists
{"op": "together", "cells": [...], "question": {}}     sends cells at once, then an inspect_request; all messages
{"op": "ask", "type": "...", "content": {...}}         a request on the shell channel, and its reply
{"op": "pairs", "cells": [...], "rounds": n}            n times: a cell, an interrupt at once, then a quick cell
{"op": "late", "code": "..."}                           a cell, and while it runs an interrupt sent before it
{"op": "restart"} {"op": "abandon"} {"op": "stop"}      abandon: the kernel's Jupyter dies without a word
"""
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Empty

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec

READY_SECONDS = 60
CELL_SECONDS = 30
POLL_SECONDS = 0.01
QUESTION_SECONDS = 0.15


class Driver:
    def start(self, spec: dict, cwd: str) -> dict:
        self.manager = KernelManager(kernel_name="tslab")
        self.manager._kernel_spec = KernelSpec(**spec)
        self.manager.start_kernel(cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.connect()
        return {"pid": self.manager.provisioner.pid}

    def connect(self) -> None:
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=READY_SECONDS)

    def run(self, code: str, interrupt_at: str | None = None, linger: str | None = None) -> dict:
        """`linger` waits for that text after the cell is done: output of promises that nobody awaited."""
        interrupted = []
        if interrupt_at:
            threading.Thread(target=self.interrupt_when, args=(interrupt_at, interrupted), daemon=True).start()
        request = self.client.execute(code)
        outputs, count, end = [], None, time.monotonic() + CELL_SECONDS
        text, idle = "", None
        while idle is None or (linger and linger not in text):
            if time.monotonic() > end:
                raise TimeoutError(f"after {CELL_SECONDS} s: idle {idle}, outputs {str(outputs)[-500:]}")
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except Empty:
                if not self.manager.is_alive():
                    raise RuntimeError("the kernel died") from None
                continue
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                idle = time.monotonic()
            elif kind == "execute_input":
                count = content["execution_count"]
            elif kind == "stream":
                text += content["text"]
                outputs.append([content["name"], content["text"]])
            elif kind == "error":
                outputs.append([kind, "\n".join(content["traceback"])])
            elif kind in ("display_data", "update_display_data"):
                outputs.append([kind, content["data"]])
        result = {"outputs": outputs, "count": count, "status": self.reply_to(request)["status"]}
        if interrupted:
            result["interruptSeconds"] = idle - interrupted[0]
        return result

    def together(self, cells: list, question: dict | None = None) -> dict:
        names = {self.client.execute(code): index for index, code in enumerate(cells)}
        if question is not None:
            time.sleep(QUESTION_SECONDS)  # the cell runs
            names[self.send("inspect_request", question)] = "question"
        messages, replies, end = [], {}, time.monotonic() + CELL_SECONDS
        idle = set()
        while len(idle) < len(names) or len(replies) < len(names):
            if time.monotonic() > end:
                raise TimeoutError(f"after {CELL_SECONDS} s: {messages}")
            for get in (self.client.get_iopub_msg, self.client.get_shell_msg):
                try:
                    message = get(timeout=POLL_SECONDS)
                except Empty:
                    continue
                name = names.get(message["parent_header"].get("msg_id"))
                if name is None:
                    continue
                state = message["content"].get("execution_state")
                messages.append([message["msg_type"], name, state])
                if state == "idle":
                    idle.add(name)
                if message["msg_type"].endswith("_reply"):
                    replies[name] = message["content"]["status"]
        return {"messages": messages, "replies": [replies[index] for index in range(len(cells))]}

    def pairs(self, cells: list, rounds: int) -> dict:
        """What became of the cells, and of the quick ones, which nobody interrupted: status and output."""
        interrupted, after = [], []
        for round in range(rounds):
            request = self.client.execute(cells[round % len(cells)])
            time.sleep(round % 5 / 1000)
            self.manager.interrupt_kernel()
            try:
                interrupted.append(self.reply_to(request)["status"])
            except Empty:
                raise TimeoutError(f"round {round}: {cells[round % len(cells)]}") from None
            after.append(self.run(f"{round} + 0.5"))
        return {"interrupted": interrupted, "after": [[each["status"], each["outputs"]] for each in after]}

    def late(self, code: str) -> dict:
        message = self.client.session.msg("interrupt_request", {})
        time.sleep(QUESTION_SECONDS)
        threading.Timer(QUESTION_SECONDS, lambda: self.client.control_channel.send(message)).start()
        result = self.run(code)
        return {**result, "interruptReply": self.client.get_control_msg(timeout=CELL_SECONDS)["content"]["status"]}

    def send(self, kind: str, content: dict) -> str:
        message = self.client.session.msg(kind, content)
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def ask(self, type: str, content: dict) -> dict:
        return self.reply_to(self.send(type, content))

    def reply_to(self, request: str) -> dict:
        while True:  # waiting for the kernel may have left answers to its questions
            message = self.client.get_shell_msg(timeout=CELL_SECONDS)
            if message["parent_header"].get("msg_id") == request:
                return message["content"]

    def interrupt_when(self, file: str, interrupted: list) -> None:
        while not Path(file).exists():
            time.sleep(POLL_SECONDS)
        interrupted.append(time.monotonic())
        self.manager.interrupt_kernel()

    def restart(self) -> dict:
        self.client.stop_channels()
        start = time.monotonic()
        self.manager.shutdown_kernel(restart=True)
        stopped = time.monotonic() - start
        self.manager.start_kernel(**self.manager._launch_args)
        self.connect()
        return {"stopSeconds": stopped}

    def abandon(self) -> dict:
        os._exit(0)

    def stop(self) -> dict:
        self.client.stop_channels()
        self.manager.shutdown_kernel()
        return {}


driver = Driver()
for line in sys.stdin:
    command = json.loads(line)
    try:
        answer = getattr(driver, command.pop("op"))(**command)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
