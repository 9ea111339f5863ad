"""The record wing: facts taken in, who is where, alarms, and what auditors ask. It stands on people."""
