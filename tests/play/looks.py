"""How pages look, against pictures that were kept: `UPDATE_LOOKS=1 make test ARGS=tests/play` takes them anew.

Both pictures are made small and soft before they are compared, so that an edge drawn a little otherwise is no
difference and a word, a colour or a box in another place is one. Fonts are those of Debian's `fonts-dejavu-core`.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Page as Tab

KEPT = Path(__file__).parent / "looks"
IS_UPDATING = os.environ.get("UPDATE_LOOKS") == "1"
SCALE = 4  # of the picture that is compared, to one
A_DIFFERENCE = 24  # of 255, in any colour of a small pixel
MOST_DIFFERENT = 0.004  # of all small pixels
COLOURS = 64  # of a kept picture: enough for the eye, a fifth of the bytes


def assert_looks(tab: Tab, name: str, scheme: str = "light") -> None:
    """The page in this tab looks as it did. On the first time, or when asked to, the picture is kept instead."""
    tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    taken = Image.open(io.BytesIO(tab.screenshot(full_page=True, animations="disabled", caret="hide"))).convert("RGB")
    path = KEPT / f"{name}-{tab.viewport_size['width'] if tab.viewport_size else 0}-{scheme}.png"
    if IS_UPDATING or not path.exists():
        assert IS_UPDATING or os.environ.get("REQUIRE_SERVICES") != "1", f"no picture was kept of {path.name}"
        KEPT.mkdir(exist_ok=True)
        taken.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
        return
    kept = Image.open(path).convert("RGB")
    found = difference(kept, taken)
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
