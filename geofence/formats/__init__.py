"""Zones as others write them: one format a file, each read into zone versions, with what could not be understood beside."""
