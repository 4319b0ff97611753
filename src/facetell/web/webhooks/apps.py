"""Registers the app with Django."""

from __future__ import annotations

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Webhooks."""

    name = "facetell.web.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        """Listen for what ends, and deliver beside each worker."""
        from facetell.web.analyses.keeper import tidying, working
        from facetell.web.analyses.leases import ended
        from facetell.web.webhooks.courier import forget_old, start
        from facetell.web.webhooks.messages import announce

        ended.connect(announce)
        working.connect(start)
        tidying.connect(forget_old)
