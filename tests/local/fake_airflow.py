"""A program that passes for Airflow: it listens, has a child that leaves the process group, and fails on request."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import time
from pathlib import Path

HOME = Path(os.environ["AIRFLOW_HOME"])
HEALTH = {"webserver": "/health", "api-server": "/api/v2/monitor/health"}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path.endswith(tuple(HEALTH.values())) else 404)
        self.end_headers()


def main(part: str) -> None:
    failing = HOME / f"fail-{part}"
    if failing.exists():
        sys.exit("there is no such table")
    if part == "db":
        with (HOME / "migrations").open("a") as log:
            log.write("migrated\n")
        (HOME / "airflow.db").touch()
        return
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
    (HOME / f"{part}.child").write_text(str(child.pid))
    if part in HEALTH:
        port = os.environ.get("AIRFLOW__API__PORT") or os.environ["AIRFLOW__WEBSERVER__WEB_SERVER_PORT"]
        http.server.HTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
    time.sleep(600)


main(sys.argv[1])
