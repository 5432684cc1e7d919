"""The vendor's side: `tierops emulate` in a process of its own, which others can ask how many requests it had."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

_NO_LIMIT = 10**9  # requests in a window that does not end while anything is measured


class Emulated:
    """A vendor that answers each request `latency` milliseconds late and has the places that the files name, empty.

    `environ` is what a client of it needs. Ends the benchmark where it does not start.
    """

    def __init__(self, program: Path, folder: Path, vendor: str, latency: int, environ: Mapping[str, str]) -> None:
        slow = {"on": "* /*", "kind": "delay", "times": "always", "value": latency}
        (folder / "faults.json").write_text(json.dumps([slow] if latency else []))
        switches = [f"--switch={vendor}.rate_limit={_NO_LIMIT}", f"--switch={vendor}.rate_window_s=86400"]
        self._process = subprocess.Popen(
            [str(program), "emulate", "--port=0", "--seed=tiers", "--faults=faults.json", *switches],
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            words = stdout.read().split()  # it is closed after the exports
        exports = dict(word.split("=", 1) for word in words if "=" in word)
        if not exports:
            sys.exit(f"the emulator did not start in {folder}: try `tierops emulate --seed tiers` there")
        self.environ = {**environ, **exports}
        self._url = exports[f"{vendor.upper()}_URL"]
        self._questions = 0

    def close(self) -> None:
        """End the process; its data go with it."""
        self._process.kill()
        self._process.wait()

    def requests(self) -> int:
        """How many requests it had so far, as its rate limit counts them; these questions are left out."""
        self._questions += 1
        try:
            with urlopen(f"{self._url}/nothing") as answer:
                headers = answer.headers
        except HTTPError as error:
            headers = error.headers
            error.close()
        left = next(int(value) for name, value in headers.items() if name.lower().endswith("remaining"))
        return _NO_LIMIT - left - self._questions

    def carry_out(self, plan: Path) -> None:
        """Send all requests of a plan file. In a process of its own, for what is measured inherits our memory."""
        subprocess.run([sys.executable, "-m", "benchmarks.emulated", self._url, str(plan)], check=True)


def carry_out(url: str, plan: Path) -> None:
    """Send all requests of a plan file to the vendor at `url`, as fast as it takes them."""
    keys = {"Content-Type": "application/json", "Authorization": "Bearer any", "X-App-Id": "any", "X-App-Token": "any"}

    def send(request: Mapping[str, object]) -> None:
        body = json.dumps(request["body"]).encode()
        with urlopen(Request(f"{url}{request['path']}", body, keys, method=str(request["method"]))):
            pass

    requests = [request for target in json.loads(plan.read_text())["targets"] for request in target["requests"]]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(send, requests))


if __name__ == "__main__":
    carry_out(sys.argv[1], Path(sys.argv[2]))
