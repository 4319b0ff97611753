"""Headers that each answer carries beside those of Django's SecurityMiddleware.

The policy stands in `settings.SECURE_CSP`, in the form that Django 6 reads: its own middleware can
take over once Python 3.11 is history. django-csp would be a dependency for this one constant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from facetell.web.accounts.layer import Layer

REPORT_POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of a report page: no script, no request, an origin of its own; its style is in the file."""


class SecurityHeadersMiddleware(Layer):
    """Adds what a view has not set itself."""

    def after(self, _: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add the headers."""
        headers = response.headers
        headers.setdefault("Content-Security-Policy", policy_header(settings.SECURE_CSP))
        headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        # behind a sign-in, Back must not show a page again to whoever uses the browser next
        if settings.ACCOUNTS and headers.get("Content-Type", "").startswith("text/html"):
            headers.setdefault("Cache-Control", "private, no-store")
        return response


def policy_header(policy: Mapping[str, Sequence[str]]) -> str:
    """Return a policy as the header says it.

    >>> policy_header({"default-src": ["'none'"], "img-src": ["'self'", "data:"]})
    "default-src 'none'; img-src 'self' data:"
    """
    return "; ".join(" ".join([directive, *sources]) for directive, sources in policy.items())
