"""A real node with figures, for clients of other makers to be tried on."""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLUMNS = "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,TIME_PERIOD,OBS_VALUE,DISC_RULE"
AREAS = ["ITA", "ESP", "FRA", "DEU", "CAN", "USA", "JPN", "AUS", "ARE", "SAU", "QAT", "KWT"]


def binary() -> str:
    """The program under test: `CORRIDOR` names another one."""
    return os.environ.get("CORRIDOR", str(ROOT / "target" / "release" / "corridor"))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Node:
    """A government's node, in a directory of its own, on loopback."""

    def __init__(self, directory: pathlib.Path, country: str, name: str, *public: str):
        self.dir = directory / country.lower()
        self.dir.mkdir(parents=True)
        self.passphrase = self.dir / "passphrase"
        self.passphrase.write_text("a passphrase for figures that are not real\n")
        self.passphrase.chmod(0o600)
        self.url = f"http://127.0.0.1:{free_port()}"
        self.daemon = None
        self.ask(
            "init", "--country", country, "--name", name, "--network", "training/interop",
            "--listen", f"/ip4/127.0.0.1/tcp/{free_port()}", "--http", self.url.removeprefix("http://"),
            *(public or ("--public", "MS_FBORN", "--public", "RE_RECV")),
        )

    def run(self, *args: str, check: bool = True) -> subprocess.CompletedProcess:
        command = [binary(), "--dir", str(self.dir), "--passphrase-file", str(self.passphrase), *args]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(args)}: {done.stderr or done.stdout}")
        return done

    def ask(self, *args: str):
        return json.loads(self.run("--json", *args).stdout)

    def start(self):
        log = open(self.dir / "log", "ab")
        command = [binary(), "--dir", str(self.dir), "--passphrase-file", str(self.passphrase), "run"]
        self.daemon = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        for _ in range(600):
            with contextlib.suppress(OSError, http.client.HTTPException):
                host = urllib.parse.urlsplit(self.url)
                connection = http.client.HTTPConnection(host.hostname, host.port, timeout=2)
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return
            if self.daemon.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError("the node does not start: " + (self.dir / "log").read_text(errors="replace"))

    def stop(self):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.terminate()
            self.daemon.wait(30)

    def release(self, rows, *release: str):
        """Submits rows of (area, counterpart, indicator, period, value) and releases them."""
        path = self.dir / "figures.csv"
        lines = [COLUMNS]
        for area, counterpart, indicator, period, value in rows:
            basis = "BIR" if indicator == "MS_FBORN" else "CIT"
            lines.append(f"A,{area},{counterpart},{indicator},{basis},_T,{period},{value},D0")
        path.write_text("\n".join(lines) + "\n")
        self.ask("submit", str(path))
        self.ask("release", *release)


@contextlib.contextmanager
def node_with_figures():
    """A daemon that has released figures, corrected one and taken one back."""
    with tempfile.TemporaryDirectory() as directory:
        node = Node(pathlib.Path(directory), "PHL", "Philippines")
        try:
            node.start()
            rows = [
                ("PHL", area, "MS_FBORN", year, (at + 1) * 1000 + year)
                for at, area in enumerate(AREAS)
                for year in range(1990, 2021, 5)
            ]
            node.release(rows)
            node.release([("PHL", "ITA", "MS_FBORN", 2020, 4711)], "--reason", "ERROR")
            key = "A.PHL.ESP.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS"
            node.ask("retract", key, "1990", "--reason", "counted twice")
            yield node
        finally:
            node.stop()


class Checks:
    """Lines of PASS, FAIL and SKIP, and their sum."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, name: str, holds: bool, why: str = ""):
        if holds:
            self.passed += 1
            print(f"PASS {name}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL {name}: {why}", flush=True)

    def skip(self, name: str, why: str):
        print(f"SKIP {name}: {why}", flush=True)

    def end(self) -> int:
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 0 if self.failed == 0 else 1
