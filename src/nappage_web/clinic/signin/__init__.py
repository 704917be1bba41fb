"""Signing in, the second factor, and the idle lock. Passwords, passkeys and codes are allauth's."""
