"""Empty the database between tests that commit: the audit triggers step aside for that alone."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection

from district.audit import triggers


def let_tests_empty_the_audit(patch: pytest.MonkeyPatch) -> None:
    """Wrap Django's emptying of all tables, which a test with `transactional_db` ends with."""
    operations = type(connection.ops)
    flush: Callable[..., list[str]] = operations.sql_flush

    def with_triggers_aside(self: Any, style: Any, tables: Sequence[str], **options: Any) -> list[str]:
        vendor = self.connection.vendor
        emptied = flush(self, style, tables, **options)
        return [*triggers.drop_statements(vendor), *emptied, *triggers.make_statements(vendor)]

    patch.setattr(operations, "sql_flush", with_triggers_aside)
