"""Runs cryptoassets-console from Django's settings and sends its events as Django signals."""

from .errors import CryptoassetsError
from .secret import Secret

__all__ = ["CryptoassetsError", "Secret"]
