"""What a program does with the gate: one table of texts to copy, each of which a test takes from the page and runs.

To add a recipe: one entry in RECIPES, and its test in `tests/publishing/test_recipes.py`, which fails until there is
one. `%URL%` stands for the base address of the page and `%SLUG%` for the slug of a component; nothing else is filled
in, and both are plain ASCII without quotes.

Every text keeps three answers apart: `ok`, `down`, and anything else, which is *unknown* and stops nothing: a status
page that cannot be reached is no reason for a job to fail (fail open). The word is read where that costs nothing,
because a proxy may answer 503 too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_SAFE_URL = re.compile(r"https?://[A-Za-z0-9._~:/\[\]@%+-]+", re.ASCII)


@dataclass(frozen=True)
class Recipe:
    """A text to copy: its name in the address (`key`), in which language it is, and what it does."""

    key: str
    title: str | Promise
    language: str
    about: str | Promise
    text: str

    def filled(self, url: str, slug: str) -> str:
        """The text for a page (base address without a slash at the end) and a component."""
        # An address that would have to be quoted differently in each language is not put into any of them.
        safe = url if _SAFE_URL.fullmatch(url) else "https://status.example.com"
        return self.text.strip("\n").replace("%URL%", safe).replace("%SLUG%", slug) + "\n"


RECIPES = (
    Recipe(
        "curl",
        "curl",
        "sh",
        _("Ends with 0 while the component is up and with 22 while it is down; other codes mean that nobody answered."),
        """
curl --fail --silent --show-error --max-time 10 '%URL%/gate/%SLUG%'
""",
    ),
    Recipe(
        "sh",
        _("POSIX shell"),
        "sh",
        _("Put it before the work that needs the component. It ends with 75 (try again) only while it is down."),
        """
line=$(curl --silent --max-time 10 '%URL%/gate/%SLUG%') || line=unknown
case $line in
  'ok '*) ;;
  'down '*) echo "%SLUG% is $line" >&2; exit 75 ;;
  *) echo 'the status page does not say, going on' >&2 ;;
esac
""",
    ),
    Recipe(
        "powershell",
        "PowerShell",
        "powershell",
        _("For Windows PowerShell 5.1 and PowerShell 7; ends with 75 only while the component is down."),
        """
$code = 0
try {
    $answer = Invoke-WebRequest -Uri '%URL%/gate/%SLUG%' -TimeoutSec 10 -UseBasicParsing
    $code = [int]$answer.StatusCode
} catch {
    if ($_.Exception.Response) { $code = [int]$_.Exception.Response.StatusCode }
}
if ($code -eq 503) {
    [Console]::Error.WriteLine('%SLUG% is down, not now')
    exit 75
}
if ($code -ne 200) { Write-Warning "the status page says nothing ($code), going on" }
""",
    ),
    Recipe(
        "github-actions",
        "GitHub Actions",
        "yaml",
        _("Two steps of a job: the second is skipped while the component is down."),
        """
- name: Ask the status page
  id: gate
  run: |
    line=$(curl --silent --max-time 10 '%URL%/gate/%SLUG%') || line=unknown
    echo "state=${line%% *}" >> "$GITHUB_OUTPUT"
- name: What needs the component
  if: steps.gate.outputs.state != 'down'
  run: ./deploy.sh
""",
    ),
    Recipe(
        "gitlab-ci",
        "GitLab CI",
        "yaml",
        _("A job before all others. It fails, and the pipeline stops, only while the component is down."),
        """
status-gate:
  stage: .pre
  script:
    - line=$(curl --silent --max-time 10 '%URL%/gate/%SLUG%') || line=unknown
    - case $line in 'down '*) echo "%SLUG% is $line" >&2; exit 1 ;; esac
""",
    ),
    Recipe(
        "python",
        "Python",
        "python",
        _("Nothing but the standard library."),
        '''
import urllib.error
import urllib.request


def state(component):
    """'ok', 'down', or 'unknown' when the status page cannot be asked or does not know the component."""
    try:
        answer = urllib.request.urlopen("%URL%/gate/" + component, timeout=10)
    except urllib.error.HTTPError as error:
        answer = error  # 503: the line is in its body
    except OSError:
        return "unknown"
    with answer:
        word = answer.read(1000).decode().partition(" ")[0]
    return word if word in ("ok", "down") else "unknown"


if state("%SLUG%") == "down":
    raise SystemExit("%SLUG% is down, not now")
''',
    ),
    Recipe(
        "blackbox-module",
        _("Prometheus: module of the blackbox exporter"),
        "yaml",
        _("In blackbox.yml. probe_success is 1 while the component is up, probe_http_status_code 503 while down."),
        """
modules:
  status_gate:
    prober: http
    timeout: 10s
    http:
      method: GET
      valid_status_codes: [200]
      follow_redirects: true
""",
    ),
    Recipe(
        "prometheus",
        _("Prometheus: scrape configuration"),
        "yaml",
        _("In prometheus.yml, for a blackbox exporter on the same machine."),
        """
scrape_configs:
  - job_name: status_gate
    metrics_path: /probe
    params:
      module: [status_gate]
    static_configs:
      - targets: ['%URL%/gate/%SLUG%']
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - source_labels: [__param_target]
        target_label: instance
      - target_label: __address__
        replacement: 127.0.0.1:9115
""",
    ),
    Recipe(
        "nagios",
        "Nagios, Icinga",
        "sh",
        _("A plug-in: 0 operational, 1 degraded, 2 worse, 3 when nobody answers or the answer is old."),
        """
#!/bin/sh
answer=$(curl --silent --include --max-time 10 '%URL%/gate/%SLUG%') || { echo 'UNKNOWN - no answer'; exit 3; }
line=$(printf '%s\\n' "$answer" | tail -n 1)
case $answer in *[Cc]andor-[Ss]tale:*) echo "UNKNOWN - the answer is old: $line"; exit 3 ;; esac
case $line in
  'ok operational '*) echo "OK - $line"; exit 0 ;;
  'ok '*) echo "WARNING - $line"; exit 1 ;;
  'down '*) echo "CRITICAL - $line"; exit 2 ;;
  *) echo 'UNKNOWN - no such gate'; exit 3 ;;
esac
""",
    ),
    Recipe(
        "status-gate",
        _("The client status-gate"),
        "sh",
        _("One file for Python 3.9 or newer. Waits up to ten minutes: 0 up or unknown, 1 worse than degraded, 2 down."),
        """
curl --fail --silent --show-error --max-time 30 --output status-gate '%URL%/status-gate'
python3 status-gate --wait 10m --fail-open '%URL%/gate/%SLUG%'
""",
    ),
)
