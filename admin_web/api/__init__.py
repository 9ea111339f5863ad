"""The REST API: what pages can do, for programs, under the same permission table."""
