"""The people wing: cardholders, their credentials and permissions, and the operators who sign in."""
