"""The centre: premises, people, permissions, lists, intake and the ledger. No wires, no pins, no pages."""
