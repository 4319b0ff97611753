from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from facetell.web.accounts.keys import recognize
from facetell.web.accounts.models import ApiKey


def called(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command("apikey", *arguments, stdout=out, stderr=StringIO(), **options)
    return out.getvalue().strip()


def test_it_makes_lists_and_revokes(db: None) -> None:
    secret = called("make", "laptop", "--scope", "write", "--days", "30")
    key = recognize(secret)
    assert key is not None
    assert (key.owner.username, key.scope, key.name) == ("me", "write", "laptop")
    listed = called("list")
    assert "usable" in listed
    assert secret not in listed
    called("revoke", str(key.pk))
    assert recognize(secret) is None
    assert "revoked" in called("list")
    with pytest.raises(CommandError, match="see `list`"):
        called("revoke", str(key.pk))


def test_with_accounts_it_asks_whose(ada: User, settings) -> None:  # type: ignore[no-untyped-def]
    settings.ACCOUNTS = True
    with pytest.raises(CommandError, match="--user NAME"):
        called("make", "laptop")
    with pytest.raises(CommandError, match="no user"):
        called("--user", "nobody", "make", "laptop")
    called("--user", "ada", "make", "laptop")
    assert ApiKey.objects.get().owner == ada
    with pytest.raises(CommandError, match="1 or more"):
        called("--user", "ada", "make", "laptop", "--days", "0")
