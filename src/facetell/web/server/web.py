"""The web server's process: uvicorn with our application.

uvicorn, because one process with an event loop holds many event streams open at little cost, and
hands an upload on in pieces as it comes.
"""

from __future__ import annotations

import sys
import warnings

import uvicorn

from facetell.web.lifeline import end_with_parent
from facetell.web.live.streams import MAX_MESSAGE_BYTES

GRACE_S = 5
"""How long requests that are under way may take when the server ends; event streams never end."""


def main(host: str, port: int) -> None:
    """Serve until the parent ends."""
    end_with_parent(2 * GRACE_S)
    # WhiteNoise sends static files by plain iterators, which Django reads whole: they are small
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")
    uvicorn.run(
        "facetell.web.asgi:application",
        host=host,
        port=port,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # pictures do not shrink, and bombs would grow
        timeout_graceful_shutdown=GRACE_S,
        proxy_headers=False,  # asgi.py believes the proxies that FACETELL_PROXY names, no others
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
