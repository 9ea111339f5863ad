"""The ledger wing: the append-only record of every change and every fact. It stands on nothing."""
