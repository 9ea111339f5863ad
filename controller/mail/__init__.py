"""The mail wing: what is told to people who look at no page now, kept until their server has taken it. It stands on
everything; nothing stands on it."""
