#!/usr/bin/env python3
"""The OpenAPI document against a real node, by schemathesis: whatever is asked, the node answers, and as documented.

Needs the program `schemathesis` beside this Python. `--examples N` says how many cases there are for an operation.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

from corridor_node import Checks, node_with_figures

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
]
# Cases that wait or stay open on purpose are asked with a limit that is longer than their wait.
TIME_LIMIT = "70"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    checks = Checks()
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    if not program.exists():
        checks.check("schemathesis is installed", False, f"pip install schemathesis in {program.parent}")
        return checks.end()
    with node_with_figures() as node:
        token = node.ask("token", "create", "schemathesis")["token"]
        address = f"{node.url}/api/v1/openapi.json"
        with urllib.request.urlopen(address, timeout=30) as answer:
            document = json.load(answer)
        checks.check("the document is OpenAPI 3.1", document["openapi"].startswith("3.1."), document["openapi"])
        for who, headers in [("a stranger", []), ("a token", ["-H", f"Authorization: Bearer {token}"])]:
            command = [
                str(program), "run", address, "--checks", ",".join(CHECKS), "--max-examples", str(args.examples),
                "--phases", "examples,coverage,fuzzing", "--seed", str(args.seed), "--workers", "1",
                # One worker: Python 3.11 parses from two threads at once with one count of depth, and breaks off.
                # 503 says that all places are taken, 429 that something is asked for too often.
                "--request-timeout", TIME_LIMIT, "--no-color", "--max-failures", "5",
                # A wait is answered when it is over: it has tests of its own.
                "--exclude-path", "/api/v1/changes", *headers,
            ]
            # What it keeps of its cases is not for the repository.
            with tempfile.TemporaryDirectory() as scratch:
                done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=scratch)
            name = f"schemathesis finds nothing as {who}"
            checks.check(name, done.returncode == 0, "\n" + (done.stdout + done.stderr)[-6000:])
            if done.returncode == 0:
                print("\n".join(line.strip() for line in done.stdout.splitlines() if "generated" in line))
        alive = node.ask("status")
        checks.check("the node is well afterwards", alive["state"] == "running" and not alive["faults"], str(alive))
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
