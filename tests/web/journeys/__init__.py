"""Journeys through the app as a person makes them, in a real browser on a real server; every patient is invented."""
