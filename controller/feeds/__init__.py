"""The feeds wing: what other systems are told of the house, and nothing that they could answer. It stands on
everything; nothing stands on it."""
