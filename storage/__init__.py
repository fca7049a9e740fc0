"""The database, ignorant of drones: schema, migrations, named queries, pool, binary COPY."""
