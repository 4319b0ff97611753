"""The look of the HTML reports: two palettes, one sheet, no script, nothing fetched."""

from __future__ import annotations

import base64
import hashlib

# Every text colour has at least 4.5:1 on every surface that it stands on, every line of the chart
# 3:1 (WCAG 2.2 AA, 1.4.3 and 1.4.11); a test computes them.
LIGHT = {
    "page": "#f6f5f1",
    "surface": "#ffffff",
    "sunken": "#efede7",
    "line": "#d9d6cd",
    "text": "#1c1b1a",
    "muted": "#5a5852",
    "fake": "#b3261e",
    "real": "#17693a",
    "inconclusive": "#855600",
    "no_face": "#4a5561",
    "error": "#7a2f8f",
    "series-0": "#1f56c4",
    "series-1": "#b0470a",
    "series-2": "#17755a",
    "series-3": "#8b2fa0",
    "series-4": "#6b5b00",
    "series-5": "#465666",
}
DARK = {
    "page": "#131315",
    "surface": "#1d1d20",
    "sunken": "#28282c",
    "line": "#3b3b41",
    "text": "#ededee",
    "muted": "#b0afb6",
    "fake": "#ff8f86",
    "real": "#72d49b",
    "inconclusive": "#f0c055",
    "no_face": "#b9c3cf",
    "error": "#dda0ee",
    "series-0": "#8db6ff",
    "series-1": "#ffb181",
    "series-2": "#6fdab5",
    "series-3": "#e3a1f3",
    "series-4": "#e0d06c",
    "series-5": "#b8c6d4",
}
SERIES = 6
"""How many faces have a line of their own in the chart."""
DASHES = ("none", "7 3", "2 3", "10 3 2 3", "4 4", "12 4")
"""Of these lines, so that they differ without colour too."""

_RULES = """
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif;
-webkit-text-size-adjust:100%}
main{max-width:58rem;margin:0 auto;padding:1.25rem 1rem 3rem}
h1,h2,h3{line-height:1.2;font-family:Georgia,"Liberation Serif","Times New Roman",serif}
h1{font-size:clamp(1.9rem,6vw,2.7rem);margin:0}
h2{font-size:1.35rem;margin:0 0 .8rem}
h3{font-size:1.05rem;margin:1.4rem 0 .6rem}
p{margin:.5rem 0;max-width:44rem}
ul{margin:.3rem 0;padding-left:1.2rem;max-width:44rem}
li{margin:.3rem 0}
a{color:inherit}
.masthead{display:flex;flex-wrap:wrap;gap:.2rem 1rem;justify-content:space-between;
color:var(--muted);font-size:.875rem;padding-bottom:.9rem}
.masthead b{color:var(--text);letter-spacing:.02em}
section,.hero{background:var(--surface);border:1px solid var(--line);border-radius:.6rem;
padding:1.4rem;margin:0 0 1rem}
.hero{border-top-width:.4rem}
.hero.fake{border-top-color:var(--fake)}.hero.real{border-top-color:var(--real)}
.hero.inconclusive{border-top-color:var(--inconclusive)}
.hero.no_face{border-top-color:var(--no_face)}.hero.error{border-top-color:var(--error)}
.verdict{display:flex;align-items:center;gap:.8rem}
.icon{width:2.6rem;height:2.6rem;flex:none;fill:currentColor}
.cut{fill:none;stroke:var(--surface);stroke-width:2.4;stroke-linecap:round;stroke-linejoin:round}
.fake>.verdict,.word.fake{color:var(--fake)}.real>.verdict,.word.real{color:var(--real)}
.inconclusive>.verdict,.word.inconclusive{color:var(--inconclusive)}
.no_face>.verdict,.word.no_face{color:var(--no_face)}
.error>.verdict,.word.error{color:var(--error)}
.word{font-weight:600;white-space:nowrap}.word .icon{width:1rem;height:1rem;vertical-align:-.12em}
.lead{font-size:1.12rem;margin:.7rem 0 .2rem}
.file{overflow-wrap:anywhere;font-weight:600}
.muted,figcaption,.note{color:var(--muted);font-size:.9rem}
.gauge{margin:1.5rem 0 .4rem;max-width:44rem}
.gauge svg{display:block;width:100%;height:4.6rem;overflow:visible}
text{font-size:.8rem;fill:var(--muted);font-family:inherit}
text.strong{font-size:1rem;font-weight:700;fill:var(--text)}
.track-bar{fill:var(--sunken);stroke:var(--line)}
.zone-fake{fill:var(--fake);opacity:.16}.zone-real{fill:var(--real);opacity:.16}
text.word-fake{fill:var(--fake);font-weight:600}text.word-real{fill:var(--real);font-weight:600}
.gauge .zone-fake,.gauge .zone-real{opacity:.6}
.bar{fill:var(--muted)}
.needle{fill:var(--text);stroke:var(--surface);stroke-width:1.5}
.warning{border-left:.3rem solid var(--inconclusive);background:var(--sunken);
padding:.6rem .9rem;margin:.6rem 0 .6rem -1.2rem;border-radius:0 .3rem .3rem 0;list-style:none}
.hero h2{font-size:1.15rem;margin:1.3rem 0 .4rem}
.reasons{margin-bottom:0}
.reasons li{overflow-wrap:anywhere}
figure{margin:0}
.chart{padding:.5rem .4rem 1.9rem 2.9rem}
.chart svg.plot{display:block;width:100%;height:15rem;overflow:visible}
.grid{stroke:var(--line);stroke-width:1}
.limit{stroke-width:1.5}
.limit.fake{stroke:var(--fake)}.limit.real{stroke:var(--real)}
.series{fill:none;stroke-width:2;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.range{opacity:.16;stroke:none}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;padding:0;margin:.2rem 0;
font-size:.9rem}
.legend svg{overflow:visible;width:2rem;height:.8rem;vertical-align:middle;margin-right:.4rem}
.crops{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1rem}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:2px;border-radius:.35rem;overflow:hidden;
background:var(--sunken)}
.pair img{display:block;width:100%;height:auto}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(22rem,100%),1fr));gap:1rem}
.plots img{display:block;width:100%;height:auto}
.mistakes img{display:block;width:100%;max-width:14rem;height:auto;border-radius:.35rem}
.mistakes figcaption{overflow-wrap:anywhere}
.heat{display:inline-block;width:7rem;height:.7rem;border-radius:.2rem;vertical-align:middle;
margin:0 .4rem;print-color-adjust:exact;
background:linear-gradient(90deg,#00000400,#57106e0a,#bc375429,#f98e095e,#fcffa4a6),#a8a8a8}
.scale{font-size:.9rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;padding:.4rem .7rem .4rem 0;border-bottom:1px solid var(--line);
vertical-align:top}
th{color:var(--muted);font-weight:600}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.path{overflow-wrap:anywhere}
tr:last-child>td{border-bottom:0}
th:last-child,td:last-child{padding-right:0}
dl{display:grid;grid-template-columns:minmax(7rem,12rem) 1fr;gap:.45rem 1rem;margin:0;
font-size:.95rem}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
code{font:.85rem/1.5 ui-monospace,"Liberation Mono",Consolas,monospace}
@media (max-width:34rem){section,.hero{padding:1rem}dl{grid-template-columns:1fr;gap:0}
dd{margin-bottom:.7rem}.chart{padding-left:2.4rem}text.between{display:none}
th,td{padding-right:.45rem}td.number{white-space:normal}
.stack thead{display:none}.stack tr{display:block;padding:.5rem 0;
border-bottom:1px solid var(--line)}.stack tr:last-child{border-bottom:0}
.stack td,.stack td.number{display:block;text-align:left;border:0;padding:.1rem 0}
.stack td[data-label]::before{content:attr(data-label) ": ";color:var(--muted)}}
@media print{main{max-width:none;padding:0}section,.hero{border-color:#999}
.hero,figure,tr{break-inside:avoid}h2,h3{break-after:avoid}}
"""


def _variables(palette: dict[str, str]) -> str:
    return ";".join(f"--{name}:{colour}" for name, colour in palette.items())


def _series_rules() -> str:
    return "".join(
        f".series-{number}{{stroke:var(--series-{number});stroke-dasharray:{DASHES[number]}}}"
        f".dot-{number}{{fill:var(--series-{number})}}"
        for number in range(SERIES)
    )


SHEET = (
    f":root{{color-scheme:light dark;{_variables(LIGHT)}}}"
    # Paper is white: only screens go dark.
    f"@media screen and (prefers-color-scheme:dark){{:root{{{_variables(DARK)}}}}}"
    f"{_RULES}{_series_rules()}"
)


def content_security_policy() -> str:
    """Allow this very sheet and inline pictures; no script, no request, no form, no frame."""
    digest = base64.b64encode(hashlib.sha256(SHEET.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
