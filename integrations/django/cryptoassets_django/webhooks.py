"""Standard Webhooks (https://www.standardwebhooks.com), in plain Python."""

import base64
import binascii
import hashlib
import hmac
import json
import time

from .errors import CryptoassetsError


class Event(dict):
    """One event as the engine sent it: `id`, `sequence`, `coin`, `type`, `created_at`, `schema`, `data`, maybe `gap`.

    Amounts are texts: Decimal(event.data["amount"]).
    """

    @property
    def id(self):
        return self["id"]

    @property
    def sequence(self):
        return self["sequence"]

    @property
    def coin(self):
        return self["coin"]

    @property
    def type(self):
        return self["type"]

    @property
    def data(self):
        return self["data"]


def _key(secret):
    if not secret.startswith("whsec_"):
        return secret.encode("utf-8")
    return base64.b64decode(secret[len("whsec_"):] + "==")


def _header(headers, name):
    value = headers.get(name)
    if not value:
        raise CryptoassetsError("webhook_headers_missing", "the header %s is missing" % name, field=name, status=401)
    return value


def _matches(given, expected):
    version, _, text = given.partition(",")
    try:
        return version == "v1" and hmac.compare_digest(base64.b64decode(text, validate=True), expected)
    except (binascii.Error, ValueError):
        return False


def verify(body, headers, secrets, tolerance=300, now=None):
    """The Event of a request, once it is certain that the engine sent it.

    body: the bytes as they came. headers: a mapping with `get` that knows the names in lower case (request.headers).
    secrets: every live one; any may have signed. tolerance: seconds. Raises CryptoassetsError with status 401
    (`webhook_headers_missing`, `webhook_too_old`, `bad_signature`) or 400 (`bad_webhook_body`).
    """
    identity = _header(headers, "webhook-id")
    timestamp = _header(headers, "webhook-timestamp")
    signatures = _header(headers, "webhook-signature").split(" ")
    seconds = int(timestamp) if timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12 else None
    if seconds is None or abs((time.time() if now is None else now) - seconds) > tolerance:
        raise CryptoassetsError(
            "webhook_too_old",
            "the request's time is more than %s s away from ours: compare the clocks" % tolerance,
            field="webhook-timestamp",
            status=401,
        )
    signed = b".".join([identity.encode("utf-8"), timestamp.encode("ascii"), body])
    matched = False
    for secret in secrets:
        expected = hmac.new(_key(secret), signed, hashlib.sha256).digest()
        for given in signatures:
            matched |= _matches(given, expected)
    if not matched:
        raise CryptoassetsError(
            "bad_signature",
            "no signature of the request fits a secret and the raw body",
            field="webhook-signature",
            status=401,
        )
    try:
        event = json.loads(body.decode("utf-8"))
    except ValueError:
        event = None
    if not isinstance(event, dict) or event.get("id") != identity or not isinstance(event.get("type"), str):
        raise CryptoassetsError("bad_webhook_body", "the body is signed but is no event", status=400)
    return Event(event)
