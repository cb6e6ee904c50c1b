"""Journeys through the whole product, as a user makes them."""
