#!/usr/bin/env python3
"""A stand-in for Splunk Web and splunkd, for dashboards: it serves their page and runs their searches.

The page is Splunk's own framework in a browser, which sends the same requests as in Splunk: POST search/jobs, GET the
progress, GET the results, with a chain search as a parameter. Searches run through the packaged app, on the events of
data/sample_stream_dns.ndjson (shifted so that the last one is now) and a few hostile ones, or on the app's sample.

Prints the port and serves until standard input ends.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "package"))

from harness import encoded_label, newest_package  # noqa: E402
from spl import Clock, Splunk  # noqa: E402
from spl.language.times import moment  # noqa: E402
from spl.splunkd.app import App, unpack  # noqa: E402
from spl.splunkd.rows import Event, columns_of, load_events  # noqa: E402

BUNDLE = ROOT / "target" / "dashboards"
VIEWS = Path("default") / "data" / "ui" / "views"
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css">
<style>html, body, #page {{ margin: 0; min-height: 100%; }}</style></head>
<body><div id="page"></div><script>window.$C = {config}; window.VIEW = {view};</script><script src="/page.js"></script>
</body>
</html>"""
UTC = "### SERIALIZED TIMEZONE FORMAT 1.0;Y0 NW 55 54 43;@-9223372036854775808 0"
CONFIG = {
    "LOCALE": "en-US", "SPLUNKD_PATH": "/en-US/splunkd/__raw", "MRSPARKLE_ROOT_PATH": "", "USERNAME": "admin",
    "SERVER_ZONEINFO": UTC,
}  # fmt: skip
RESULTS = ("results", "results_preview")
PRESETS = {"Last 24 hours": ("-24h@h", "now"), "Last 7 days": ("-7d@h", "now"), "Last 4 hours": ("-4h@m", "now")}


@dataclass
class Job:
    """A search job."""

    text: str
    clock: Clock
    label: str
    rows: list[Event] = field(default_factory=list)
    error: str = ""
    seconds: float = 0


class Server:
    """The app, the search jobs, and the log of searches."""

    def __init__(self, home: Path) -> None:
        self.app = unpack(newest_package(), home / "etc" / "apps")
        self.splunk = Splunk(self.app, home, peers=2)
        self.splunk.keeps_to_range = True
        self.jobs: dict[str, Job] = {}
        self.log: list[dict[str, Any]] = []
        # The number of searches that were sent and have not ended.
        self.running = 0
        self._events = live_events()
        self._lock = threading.Lock()

    def dispatch(self, form: dict[str, str]) -> str:
        """Run a search; returns its sid."""
        with self._one_at_a_time():
            now = time.time()
            latest = moment(form.get("latest_time") or "now", now)
            clock = Clock(now, moment(form.get("earliest_time") or "0", now), latest)
            job = Job(form["search"], clock, form.get("label", ""))
            moved = self._moved(now)
            self._run(job, lambda: self.splunk.search(job.text, moved, clock))
            sid = f"admin__admin__dnsentropy_{len(self.jobs)}"
            self.jobs[sid] = job
            return sid

    def results(self, sid: str, chain: str) -> tuple[Job, list[Event]]:
        """The rows of a job, or the results of a chain search on them."""
        job = self.jobs[sid]
        if not chain:
            return job, job.rows
        with self._one_at_a_time():
            after = Job(chain, job.clock, "")
            self._run(after, lambda: self.splunk.chain(chain, job.rows, job.clock))
        return after, after.rows

    @contextlib.contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Searches run one after the other."""
        self.running += 1
        try:
            with self._lock:
                yield
        finally:
            self.running -= 1

    def _run(self, job: Job, search: Any) -> None:
        started = time.monotonic()
        try:
            job.rows = search()
        except Exception as error:  # the page shows any error of a search
            job.error = f"{type(error).__name__}: {error}"
        job.seconds = time.monotonic() - started
        self.log.append(
            {"label": job.label, "search": job.text, "rows": len(job.rows), "error": job.error,
             "fields": columns_of(job.rows), "seconds": round(job.seconds, 2)}
        )  # fmt: skip

    def _moved(self, now: float) -> list[Event]:
        last = max(float(event["_time"][0]) for event in self._events)
        times = [(event, float(event["_time"][0]) - last + now) for event in self._events]
        return [event | {"_time": [f"{time:.3f}"], "_indextime": [f"{time + 3:.0f}"]} for event, time in times]


def live_events() -> list[Event]:
    """The events of the sample as an index stores them, and data that leaves in names of an odd domain."""
    events = load_events(ROOT / "data" / "sample_stream_dns.ndjson", "main")
    events = [e | {"_time": [str(datetime.fromisoformat(e["_time"][0]).timestamp())]} for e in events]
    last = max(float(event["_time"][0]) for event in events)
    fixed = {"src": "10.0.9.9", "dest": "10.0.1.100", "query_type": "TXT", "message_type": "QUERY"}
    fixed |= {"index": "main", "sourcetype": "stream:dns"}
    odd = [{"_time": f"{last - 60 * n:.3f}", "query": f'{encoded_label(n, 32)}.a"b|c.example'} | fixed for n in range(1, 41)]
    return events + [{name: [value] for name, value in event.items()} for event in odd]


def definition(app: App, view: str) -> dict[str, Any]:
    """A dashboard's label, theme and definition, from the file in the package."""
    tree = ElementTree.parse(app.root / VIEWS / f"{view}.xml").getroot()
    if tree.tag != "dashboard" or tree.get("version") != "2":
        raise ValueError(f"{view} is not a Dashboard Studio dashboard")
    return {
        "label": tree.findtext("label"), "theme": tree.get("theme", "light"),
        "definition": json.loads(tree.findtext("definition") or ""),
    }  # fmt: skip


def studio_views(app: App) -> list[str]:
    """The names of all Dashboard Studio dashboards of the app."""
    paths = sorted((app.root / VIEWS).glob("*.xml"))
    return [path.stem for path in paths if ElementTree.parse(path).getroot().get("version") == "2"]


class Handler(BaseHTTPRequestHandler):
    """Handles requests of the page and of the tests."""

    server_state: Server

    def do_GET(self) -> None:
        """Pages, progress and results."""
        url = urlsplit(self.path)
        query, parts = parse_qs(url.query), url.path.strip("/").split("/")
        state = self.server_state
        if url.path in ("/page.js", "/page.css"):
            self._reply(
                (BUNDLE / url.path[1:]).read_bytes(), "text/javascript" if url.path.endswith("js") else "text/css"
            )
        elif url.path == "/test/views":
            self._json({view: definition(state.app, view) for view in studio_views(state.app)})
        elif url.path == "/test/running":
            self._json(state.running)
        elif url.path == "/test/log":
            self._json(state.log)
        elif url.path.endswith("/data/ui/times"):
            self._json({"entry": [_preset(at, name) for at, name in enumerate(PRESETS)]})
        elif url.path.endswith("/jobs"):
            self._json({"entry": [self._progress(sid) for sid in query.get("id", []) if sid in state.jobs]})
        elif url.path.endswith("/current-context"):
            self._json({"entry": [{"content": {"username": "admin", "capabilities": ["search"]}}]})
        elif parts[-1] in RESULTS:
            self._results(parts[-2], {name: values[0] for name, values in query.items()})
        elif "jobs" in parts and parts[-1] in state.jobs:
            self._json({"entry": [self._progress(parts[-1])]})
        elif parts[0] == "app":
            self.send_response(303)
            self.send_header("Location", "/en-US" + self.path)
            self.end_headers()
        elif len(parts) == 4 and parts[1] == "app" and parts[2] == state.app.name:
            shown = json.dumps(definition(state.app, parts[3]))
            page = PAGE.format(title=parts[3], config=json.dumps(CONFIG), view=shown.replace("</", "<\\/"))
            self._reply(page.encode(), "text/html; charset=utf-8")
        else:
            self._reply(b"not found", "text/plain", 404)

    def do_POST(self) -> None:
        """New searches, and actions on existing ones."""
        form = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()))
        parts = urlsplit(self.path).path.strip("/").split("/")
        if parts[-1] in RESULTS:
            self._results(parts[-2], form)
        elif parts[-1] == "jobs":
            sid = self.server_state.dispatch(form)
            job = self.server_state.jobs[sid]
            if job.error:
                self._json({"messages": [{"type": "FATAL", "text": job.error}]}, 400)
            else:
                self._json({"sid": sid}, 201)
        else:
            self._json({"messages": []})

    do_DELETE = do_POST

    def _progress(self, sid: str) -> dict[str, Any]:
        job = self.server_state.jobs[sid]
        content = {
            "sid": sid, "isDone": True, "isFinalized": False, "dispatchState": "DONE", "doneProgress": 1,
            "resultCount": len(job.rows), "resultPreviewCount": len(job.rows), "eventCount": len(job.rows),
            "scanCount": len(job.rows), "runDuration": job.seconds, "isRealTimeSearch": False, "messages": [],
            "ttl": 600, "defaultTTL": 600,
        }  # fmt: skip
        now = datetime.now().astimezone().isoformat()
        return {"name": job.text, "content": content, "acl": {"app": "dnsentropy"}, "published": now}

    def _results(self, sid: str, query: dict[str, str]) -> None:
        job, rows = self.server_state.results(sid, query.get("search", ""))
        if job.error:
            self._json({"messages": [{"type": "FATAL", "text": job.error}]}, 400)
            return
        offset, count = int(query.get("offset", "0")), int(query.get("count", "0"))
        names = columns_of(rows)
        page = rows[offset : offset + count if count else None]
        columns = [[_cell(name, row.get(name, [])) for row in page] for name in names]
        fields = [{"name": name} for name in names]
        self._json({"fields": fields, "columns": columns, "post_process_count": len(rows), "messages": []})

    def _json(self, value: Any, status: int = 200) -> None:
        self._reply(json.dumps(value).encode(), "application/json", status)

    def _reply(self, body: bytes, kind: str, status: int = 200) -> None:
        # A page that was left does not read its responses.
        with contextlib.suppress(ConnectionError):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Do not log: `Server.log` has the searches."""


def _preset(order: int, name: str) -> dict[str, Any]:
    """A preset of the time range picker."""
    earliest, latest = PRESETS[name]
    content = {"label": name, "earliest_time": earliest, "latest_time": latest, "order": order, "disabled": False}
    return {"name": name, "content": content | {"header_label": None, "is_sub_menu": "0", "sub_menu": "Relative"}}


def _cell(name: str, values: list[str]) -> None | str | list[str]:
    """A cell as splunkd writes it: times in ISO format."""
    if name == "_time" and values:
        return datetime.fromtimestamp(float(values[0]), timezone.utc).isoformat(timespec="milliseconds")
    return None if not values else values[0] if len(values) == 1 else values


def main() -> None:
    """Serve."""
    with tempfile.TemporaryDirectory(prefix="dashboards-") as home:
        Handler.server_state = Server(Path(home))
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
