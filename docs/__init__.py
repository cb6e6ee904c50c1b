"""The docs and the script that writes their generated pages."""
