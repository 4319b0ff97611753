"""A shape for each label, so that no verdict is told by colour alone."""

from __future__ import annotations

from facetell.verdict import Label

# On a square of 24; filled with the text colour, the sign inside in the colour behind it.
_SHAPES: dict[Label, str] = {
    "fake": '<path d="M12 1.5 23.5 22H.5z"/><path class="cut" d="M12 9v6.5M12 18v1.2"/>',
    "real": '<circle cx="12" cy="12" r="11"/><path class="cut" d="m6.8 12.4 3.6 3.6 7-7.4"/>',
    "inconclusive": '<path d="M12 .5 23.5 12 12 23.5.5 12z"/>'
    '<path class="cut" d="M8 12h.01M12 12h.01M16 12h.01"/>',
    "no_face": '<rect x="1" y="1" width="22" height="22" rx="11"/><path class="cut" d="M7 12h10"/>',
    "error": '<rect x="1" y="1" width="22" height="22" rx="3"/>'
    '<path class="cut" d="m7.5 7.5 9 9m0-9-9 9"/>',
}


def icon(label: Label) -> str:
    """The shape as inline SVG; hidden from screen readers, the word stands beside it."""
    return f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{_SHAPES[label]}</svg>'
