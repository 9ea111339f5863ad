"""The `/sim` page: a hand at the doors of the demo building, in a browser."""
