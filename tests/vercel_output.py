"""Reads what `vercel build` wrote, and answers as Vercel would: which file or function an address
leads to, and what the function says.
https://vercel.com/docs/build-output-api
"""

import base64
import json
import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The handler of a function takes one request as an event and returns one answer.
RUN_FUNCTION = """
import json, sys
sys.path.insert(0, sys.argv[1])
from vc__handler__python import vc_handler
print(json.dumps(vc_handler({"body": sys.stdin.read()}, None)))
"""


@dataclass(frozen=True)
class Destination:
    """Where an address leads. Neither file nor function: Vercel's own page for `status`."""

    status: int
    static: str | None = None
    function: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, list[str]]
    body: bytes


class VercelOutput:
    """`project` is the folder that was built."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._root = project / ".vercel" / "output"
        self._routes: list[dict[str, Any]] = json.loads(
            (self._root / "config.json").read_text()
        ).get("routes", [])
        self.static = files_of(self._root / "static")
        self.functions = {
            path.removesuffix(".func/.vc-config.json")
            for path in files_of(self._root / "functions")
            if path.endswith(".func/.vc-config.json")
        }

    def settings(self, function: str) -> dict[str, Any]:
        """runtime, handler, maxDuration, filePathMap, …"""
        return json.loads((self._folder(function) / ".vc-config.json").read_text())

    def bundle(self, function: str) -> dict[str, Path]:
        """Every file that the function will find beside itself, and where it is now."""
        folder = self._folder(function)
        own = {path: folder / path for path in files_of(folder) - {".vc-config.json"}}
        mapped = self.settings(function).get("filePathMap", {})
        return own | {path: self._project / source for path, source in mapped.items()}

    def resolve(self, address: str) -> Destination:
        """First the routes in front of the files, then the files, then the rewrites behind them."""
        handles = [nth for nth, route in enumerate(self._routes) if "handle" in route]
        first, *others = [*handles, len(self._routes)]
        headers: dict[str, str] = {}
        for route in self._routes[:first]:
            if re.match(route["src"], address):
                assert route.get("continue"), f"{route} comes before the files and is not followed"
                headers |= route.get("headers", {})
        if found := self._file_at(address, headers):
            return found
        assert self._routes[first] == {"handle": "filesystem"}
        for route in self._routes[first + 1 : others[0]]:
            if match := re.match(route["src"], address):
                if "dest" not in route:
                    return Destination(route["status"], headers=headers)
                destination = match.expand(re.sub(r"\$(\d)", r"\\\1", route["dest"]))
                if found := self._file_at(destination, headers):
                    return found
        return Destination(404, headers=headers)

    def call(
        self,
        function: str,
        folder: Path,
        env: dict[str, str],
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """What the function answers, in a new process that has nothing but its own bundle, laid
        out in `folder`, and the standard library. Takes two seconds."""
        for name, source in self.bundle(function).items():
            target = folder / name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(source, target)
        python = self._project / ".vercel" / "python" / ".venv" / "bin" / "python"
        request = {
            "method": method,
            "path": path,
            "headers": {"host": "shop.example", "x-forwarded-proto": "https"} | (headers or {}),
            "body": base64.b64encode(body).decode(),
            "encoding": "base64",
        }
        ran = subprocess.run(
            [python, "-I", "-S", "-B", "-c", RUN_FUNCTION, folder],
            input=json.dumps(request),
            env=env,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ran.returncode == 0, ran.stderr
        answer = json.loads(ran.stdout.splitlines()[-1])
        return Answer(
            answer["statusCode"], answer["headers"], base64.b64decode(answer.get("body", ""))
        )

    def _folder(self, function: str) -> Path:
        return self._root / "functions" / f"{function}.func"

    def _file_at(self, address: str, headers: dict[str, str]) -> Destination | None:
        path = address.strip("/")
        for name in (path, f"{path}/index.html".lstrip("/")):
            if name in self.static:
                return Destination(200, static=name, headers=headers)
        if path in self.functions:
            return Destination(200, function=path, headers=headers)
        return None


def files_of(folder: Path) -> set[str]:
    """Paths relative to the folder."""
    return set(_relative(folder.rglob("*"), folder))


def _relative(paths: Iterable[Path], folder: Path) -> Iterable[str]:
    return (path.relative_to(folder).as_posix() for path in paths if path.is_file())
