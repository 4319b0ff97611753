"""The frame that all HTML pages share: self-contained, no script, nothing fetched."""

from __future__ import annotations

import base64
import html
from datetime import datetime

from facetell.report.style import SHEET, content_security_policy
from facetell.wording import printable


def escape(text: object) -> str:
    """Make any text harmless inside HTML, and visible where it would not be."""
    return html.escape(printable(text), quote=True)


def page(title: str, body: str, made_at: datetime) -> str:
    """Put a page around sections of HTML; title and body are HTML already."""
    moment = made_at.strftime("%Y-%m-%d %H:%M %Z")
    policy = html.escape(content_security_policy(), quote=True)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{title} - facetell</title><style>{SHEET}</style></head><body><main>"
        f'<header class="masthead"><b>facetell report</b><span>made {escape(moment)}</span>'
        f"</header>{body}</main></body></html>\n"
    )


def data_uri(data: bytes, kind: str = "jpeg") -> str:
    """Write a picture into its address, so that nothing is fetched."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
