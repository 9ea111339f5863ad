"""Signing in with an OpenID provider: what is asked of it, and how little of its answer is believed."""
