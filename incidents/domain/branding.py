"""How a page may look like its owner's: an accent colour with enough contrast, and the few style values open to change.

Contrast and relative luminance are those of WCAG 2.2 (section 1.4.3 and the definitions it links to).
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ENOUGH = 4.5
# What stands behind a link in either theme: page, soft panel, and the wash of each level. As in public.css.
LIGHT_GROUNDS = ("#ffffff", "#f6f6f4", "#f1f8f4", "#fdf7e3", "#fef3e9", "#fdf0f0", "#eff5fe")
DARK_GROUNDS = ("#121416", "#1b1e21", "#15211b", "#262112", "#2a1e14", "#2c1819", "#172236")
_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})", re.ASCII)
_LIGHTNESS_STEP = 0.002

# Fonts that are on the reader's machine already: nothing is fetched.
FONTS: Mapping[str, str] = {
    "system": 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif',
    "humanist": 'Seravek,"Gill Sans Nova",Ubuntu,Calibri,"DejaVu Sans",source-sans-pro,sans-serif',
    "geometric": 'Avenir,Montserrat,Corbel,"URW Gothic",source-sans-pro,sans-serif',
    "rounded": 'ui-rounded,"Hiragino Maru Gothic ProN",Quicksand,"Arial Rounded MT Bold",Calibri,sans-serif',
    "serif": 'Charter,"Bitstream Charter","Sitka Text",Cambria,serif',
    "mono": 'ui-monospace,"Cascadia Code","Source Code Pro",Menlo,Consolas,"DejaVu Sans Mono",monospace',
}


@dataclass(frozen=True)
class Pixels:
    """A whole number of CSS pixels between two bounds, in steps."""

    least: int
    most: int
    step: int = 1


# The style values that may be set. A name that is not here is refused, whatever its value.
VARIABLES: Mapping[str, Pixels | Mapping[str, str]] = {
    "--radius": Pixels(0, 24),
    "--space": Pixels(24, 72, 4),
    "--width": Pixels(640, 1200, 4),
    "--font": FONTS,
}
_PIXELS = re.compile(r"(0|[1-9][0-9]{0,3})px|0", re.ASCII)


def colour(raw: str) -> str | None:
    """`#rrggbb` in lower case from `#RGB` or `#RRGGBB`, with or without the sign; None for anything else."""
    found = _HEX.fullmatch(raw.strip())
    if not found:
        return None
    digits = found[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(each * 2 for each in digits))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two `#rrggbb` colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def least_contrast(of: str, grounds: Sequence[str]) -> tuple[float, str]:
    """The lowest ratio of a colour with any of the grounds, and that ground."""
    return min((contrast(of, ground), ground) for ground in grounds)


def nearest_readable(of: str, grounds: Sequence[str], ratio: float = ENOUGH) -> str:
    """The colour of the same hue and saturation, closest in lightness, that has the ratio with every ground."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(of))
    step = -_LIGHTNESS_STEP if _luminance(grounds[0]) > 0.5 else _LIGHTNESS_STEP
    found = of
    while least_contrast(found, grounds)[0] < ratio:
        lightness = min(1.0, max(0.0, lightness + step))
        found = "#" + "".join(f"{round(each * 255):02x}" for each in colorsys.hls_to_rgb(hue, lightness, saturation))
    return found


def in_the_dark(accent: str) -> str:
    """The accent of the dark theme that goes with one that was chosen for the light theme."""
    return nearest_readable(accent, DARK_GROUNDS)


def is_value_of(name: str, value: str) -> bool:
    """Whether a style value may stand for a variable of `VARIABLES`."""
    rule = VARIABLES[name]
    if not isinstance(rule, Pixels):
        return value in rule
    if not _PIXELS.fullmatch(value):
        return False
    number = int(value.removesuffix("px"))
    return rule.least <= number <= rule.most and number % rule.step == 0


def style_of(accent: str, accent_dark: str, variables: Mapping[str, str]) -> str:
    """The rules that come after the style sheet of the page; "" for a page that changes nothing.

    Takes only what the checks above let through: a value that they refuse is left out, whoever stored it.
    """
    told = {name: value for name, value in sorted(variables.items()) if name in VARIABLES and is_value_of(name, value)}
    lines = [f"{name}:{FONTS.get(value, value)}" for name, value in told.items()]
    light, dark = colour(accent or ""), colour(accent_dark or "")
    if light:
        lines.append(_accented(light))
        dark = dark or in_the_dark(light)
    rules = f":root{{{';'.join(lines)}}}" if lines else ""
    if dark:
        own = _accented(dark)
        rules += f'@media screen and (prefers-color-scheme:dark){{:root:not([data-theme="light"]){{{own}}}}}'
        rules += f'@media screen{{:root[data-theme="dark"]{{{own}}}}}'
    return rules


def _accented(accent: str) -> str:
    return f"--link:{accent};--accent:{accent}"


def _channels(of: str) -> tuple[float, float, float]:
    red, green, blue = (int(of[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _luminance(of: str) -> float:
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in _channels(of))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
