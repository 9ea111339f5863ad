"""PostgreSQL on another machine: its certificate is verified, or each start says that it is not."""

from __future__ import annotations

import logging

import pytest

from controller import far_database

WARNED = logging.getLogger("sekisho.test")


@pytest.mark.parametrize(
    ("url", "unverified"),
    [
        ("sqlite:///controller.sqlite", False),
        ("postgresql+psycopg:///sekisho", False),
        ("postgresql://localhost/sekisho", False),
        ("postgresql://sekisho@127.0.0.1:5432/sekisho", False),
        ("postgresql://[::1]/sekisho", False),
        ("postgresql:///sekisho?host=/run/postgresql", False),
        ("postgresql://db.example/sekisho?sslmode=verify-full&sslrootcert=/etc/ca.pem", False),
        ("postgresql:///sekisho?host=db.example&sslmode=verify-full", False),
        ("postgresql://db.example/sekisho", True),
        ("postgresql://db.example/sekisho?sslmode=require", True),
        ("postgresql://db.example/sekisho?sslmode=verify-ca", True),
        ("postgresql:///sekisho?host=db.example", True),
        ("postgresql:///sekisho?host=localhost,db.example", True),
        ("postgresql:///sekisho?host=localhost&host=db.example", True),
        ("postgresql://10.0.0.7/sekisho?sslmode=prefer", True),
    ],
)
def test_only_a_verified_database_is_elsewhere(
    url: str, unverified: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGHOST", "PGSSLMODE"):
        monkeypatch.delenv(name, raising=False)
    assert far_database.is_unverified(url) == unverified
    far_database.warn(WARNED, url)
    assert [each.getMessage() for each in caplog.records] == (["database_not_verified"] if unverified else [])


def test_what_the_environment_says_counts_where_the_url_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.delenv("PGSSLMODE", raising=False)
    assert far_database.is_unverified("postgresql:///sekisho")
    assert not far_database.is_unverified("postgresql://localhost/sekisho")
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert not far_database.is_unverified("postgresql:///sekisho")
    assert far_database.is_unverified("postgresql:///sekisho?sslmode=require")
