"""`facetell-web makemessages`: Django's, which finds the sentences of the pipeline too."""

from __future__ import annotations

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    """Run in `src/facetell`; what is found goes into the catalogues of the web application."""

    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=Sentence"]
