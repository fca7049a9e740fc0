"""The readable report of a bundle: a PDF, drawn as vectors, without a browser."""
