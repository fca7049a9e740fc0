"""Bytes in: MAVLink from UDP and log files becomes samples, packed into blocks on Kafka."""
