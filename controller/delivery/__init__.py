"""The delivery wing: lists compiled and issued, keys and certificates, and the link to the agents. Top of the house."""
