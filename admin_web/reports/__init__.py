"""Lists for auditors: what each asks of the controller and how its rows read. Pages draw them, exports write them."""
