"""Registers the app with Django."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_delete, post_migrate, post_save, pre_delete


class AccountsConfig(AppConfig):
    """People."""

    name = "facetell.web.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Register the system check and what follows when a user changes or goes."""
        from django.contrib.auth.models import User

        from facetell.web.accounts.counts import forget_old_counts
        from facetell.web.accounts.exposure import check_exposure
        from facetell.web.accounts.guests import delete_lost_guests
        from facetell.web.accounts.invitations import forget_old_invitations
        from facetell.web.accounts.leaving import delete_files_too
        from facetell.web.accounts.people import forget_sole_user
        from facetell.web.analyses.keeper import tidying

        checks.register(check_exposure)
        post_save.connect(forget_sole_user, sender=User)
        post_delete.connect(forget_sole_user, sender=User)
        pre_delete.connect(delete_files_too, sender=User)
        post_migrate.connect(forget_sole_user, sender=self)
        tidying.connect(delete_lost_guests)
        tidying.connect(forget_old_counts)
        tidying.connect(forget_old_invitations)
