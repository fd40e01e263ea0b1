"""How pages look, against pictures that were kept: `UPDATE_LOOKS=1 make test ARGS=tests/play` takes them anew.

Both pictures are made small and soft before they are compared, so that an edge drawn a little otherwise is no
difference and a word, a colour or a box in another place is one. The letters are those of one family (Debian's
`fonts-dejavu-core`), whatever else is installed.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops
from playwright.sync_api import Browser, BrowserType
from playwright.sync_api import Page as Tab

KEPT = Path(__file__).parent / "looks"
IS_UPDATING = os.environ.get("UPDATE_LOOKS") == "1"
FONTS = Path("/usr/share/fonts/truetype/dejavu")
HALF = 2  # pictures are kept at half their size, which is enough for the eye
SCALE = 2  # of a kept picture to the one that is compared
A_DIFFERENCE = 24  # of 255, in any colour of a small pixel
MOST_DIFFERENT = 0.004  # of all small pixels
# What differs from run to run by its nature: the age, ids and digests, who else is there. And what sticks to an edge of
# the window stands where it belongs in a picture that is taller than any window.
STILL = """
#age, .record { visibility: hidden !important }
[data-presence] { display: none !important }
.posting, .preview, .composer > .seeing { position: static !important }
"""
# A sheet that is made so is none that the content policy is asked about.
ADOPT = "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet] }"


def assert_looks(tab: Tab, name: str, scheme: str) -> None:
    """The page in this tab looks as it did. When asked to, the picture is kept instead."""
    tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    tab.evaluate(ADOPT, STILL)
    shot = tab.screenshot(full_page=True, animations="disabled", caret="hide")
    taken = Image.open(io.BytesIO(shot)).convert("RGB")
    taken = taken.resize((taken.width // HALF, taken.height // HALF), Image.Resampling.BOX)
    path = KEPT / f"{name}-{tab.viewport_size['width'] if tab.viewport_size else 0}-{scheme}.png"
    assert IS_UPDATING or path.exists(), f"no picture was kept of {path.name}: UPDATE_LOOKS=1 keeps it"
    if IS_UPDATING:
        KEPT.mkdir(exist_ok=True)
        taken.quantize(method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
        return
    kept = Image.open(path).convert("RGB")
    found = difference(kept, taken)
    print(f"{path.name}: {found:.3%} differs")
    if found > MOST_DIFFERENT:
        now = Path(os.environ.get("LOOKS_OUTPUT", KEPT.parent.parent.parent / "var" / "looks")) / path.name
        now.parent.mkdir(parents=True, exist_ok=True)
        taken.save(now)
        raise AssertionError(f"{path.name} looks different ({found:.2%} of it); how it looks now: {now}")


def difference(kept: Image.Image, taken: Image.Image) -> float:
    """The share of the picture that is not as it was, 0 to 1; another size is different at least by what is missing."""
    size = (max(kept.width, taken.width), max(kept.height, taken.height))
    both = []
    for each in (kept, taken):
        whole = Image.new("RGB", size, (255, 0, 255) if each is kept else (0, 255, 0))
        whole.paste(each)
        both.append(whole.resize((max(1, size[0] // SCALE), max(1, size[1] // SCALE)), Image.Resampling.BOX))
    bands = ImageChops.difference(*both).split()
    worst = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    told = worst.histogram()
    return sum(told[A_DIFFERENCE:]) / sum(told)


def launched(browser_type: BrowserType, arguments: dict[str, Any], folder: Path) -> Browser:
    """A browser that has one family of letters; `folder` is for its list of them."""
    listed = folder / "fonts.conf"
    alias = "<alias binding='strong'><family>{0}</family><prefer><family>{1}</family></prefer></alias>"
    families = "".join(alias.format(each, "DejaVu Sans") for each in ("sans-serif", "system-ui", "serif"))
    families += alias.format("monospace", "DejaVu Sans Mono")
    listed.write_text(f"<fontconfig><dir>{FONTS}</dir><cachedir>{folder}</cachedir>{families}</fontconfig>")
    return browser_type.launch(**arguments, env={**os.environ, "FONTCONFIG_FILE": str(listed)})
