"""Pages and REST API: HTTP in, calls into `controller`, HTML or JSON out. No SQL, no MQTT, no rules."""
