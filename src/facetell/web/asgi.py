"""The ASGI application that a web server runs.

Headers that a proxy adds are believed here and only from the proxies that FACETELL_PROXY names; the
server in front of this application must not believe any itself (uvicorn: `--no-proxy-headers`).
"""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from facetell.web.body_limit import BodyLimit
from facetell.web.live.streams import LiveStreams
from facetell.web.live.switch import Switch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "facetell.web.settings")
django: Any = get_asgi_application()
application: Any = Switch(BodyLimit(django, settings.MAX_REQUEST_BYTES), LiveStreams())
if settings.PROXIES:
    application = ProxyHeadersMiddleware(application, settings.PROXIES)
