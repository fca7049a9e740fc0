"""The folder of migrations."""

from storage.migrate import migrations


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [version for version, _, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_no_migration_ends_its_own_transaction() -> None:
    for _, name, text in migrations():
        words = {line.strip().upper().rstrip(";") for line in text.splitlines()}
        assert not words & {"COMMIT", "ROLLBACK", "BEGIN TRANSACTION", "START TRANSACTION"}, name
