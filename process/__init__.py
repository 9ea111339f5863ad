"""What it takes to be a running process: settings, logs, one MQTT session, readiness. Imports nothing of ours."""
