"""The premises wing: site, areas, doors with their access points, schedules, agents. It stands on the ledger."""
