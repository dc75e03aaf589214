"""The report in a browser: it loads without a word of complaint, and nothing on it can run."""

import json
import os
import re
import shutil
import subprocess
from html import unescape

import pytest
from handmade_experiment import handmade, hostile

from dicttui.report.page import page

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome")
     if (found := shutil.which(name))),
    None,
)  # fmt: skip
REQUIRED = "DICTTUI_BROWSER_REQUIRED"
"""Where this is set a missing browser is a failure: CI installs one."""

pytestmark = pytest.mark.skipif(
    BROWSER is None and not os.environ.get(REQUIRED),
    reason="no Chromium was found (chromium, chromium-browser, google-chrome)",
)


class Visit:
    """What a browser made of a page."""

    def __init__(self, text: str, directory) -> None:
        assert BROWSER, f"no Chromium was found, and {REQUIRED} is set"
        path = directory / "report.html"
        path.write_text(text, encoding="utf-8")
        log = directory / "net.json"
        ended = subprocess.run(
            [
                BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--disable-extensions", "--disable-dev-shm-usage",
                "--disable-features=NetworkTimeServiceQuerying",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                f"--user-data-dir={directory / 'profile'}", f"--log-net-log={log}",
                "--enable-logging=stderr", "--window-size=1200,900", "--dump-dom", path.as_uri(),
            ],
            check=True, capture_output=True, text=True, timeout=100,
            env=os.environ | {"HOME": str(directory)},
        )  # fmt: skip
        self.dom = ended.stdout
        self.console = [line for line in ended.stderr.splitlines() if ":CONSOLE" in line]
        requests = json.loads(log.read_text())
        kind = requests["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
        started = [event["params"] for event in requests["events"]
                   if event["type"] == kind and "url" in event.get("params", {})]  # fmt: skip
        # What the browser asks for by itself has no origin.
        self.requested = [one["url"] for one in started if one["initiator"] != "not an origin"]
        (self.title,) = re.findall(r"<title>(.*?)</title>", self.dom, re.S)[:1]


def test_it_loads_and_shows_everything(tmp_path):
    visit = Visit(page(handmade()), tmp_path)
    assert visit.console == []
    assert visit.requested == []
    assert visit.title == "The article's sparse network: Adam beside SGD · dicttui"
    curves = re.findall(r'<path d="M[^"]+" class="curve (r\d)">', visit.dom)
    # The losses of three runs, wide and narrow; four metrics of two.
    assert sorted(set(curves)) == ["r1", "r2", "r3"]
    last = handmade().losses("adam").losses[-1]
    table = visit.dom.partition('id="metrics"')[2].partition("</section>")[0]
    assert f"{last:.5g}" in table
    assert "dicttui replay 3f9a1c" in visit.dom


def test_what_is_smuggled_in_does_not_run_and_loads_nothing(tmp_path):
    """The policy holds even where the escaping were to fail."""
    text = page(hostile())
    smuggled = (
        "<script>document.title = 'owned'</script>"
        "<img src='http://127.0.0.1:9/picture' onerror=\"document.title = 'owned'\">"
        "<link rel='stylesheet' href='http://127.0.0.1:9/style'>"
        "<iframe src='http://127.0.0.1:9/frame'></iframe>"
        "<style>body { background: url(http://127.0.0.1:9/ground) }</style>"
    )
    assert "<body>" in text
    visit = Visit(text.replace("<body>", "<body>" + smuggled), tmp_path)
    assert "owned" in visit.dom
    assert unescape(visit.title).startswith("</title><script>")
    assert visit.requested == []
    assert len(visit.console) >= 4
    assert all("Content Security Policy" in line for line in visit.console)
