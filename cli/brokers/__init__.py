"""A broker for one machine: the distribution's mosquitto, or an embedded one. Both obey the same table of topics."""
