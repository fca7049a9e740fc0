"""A broker and a database on this machine, for whoever has none: real ones, from wheels, started and stopped here."""
