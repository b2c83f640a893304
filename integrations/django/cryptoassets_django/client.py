"""The engine's HTTP API with nothing but the standard library."""

import http.client
import json
import random
import socket
import time
import uuid
from urllib.parse import quote, urlencode, urlsplit

from .errors import CryptoassetsError


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _is_safe(url):
    """Whether nobody in between can read the token."""
    host = url.hostname or ""
    return url.scheme == "https" or host in ("localhost", "::1") or host.startswith("127.")


class Client:
    """Asks the engine, over its unix socket or over TCP with a token. Cheap to make; holds no connection.

    Answers are dicts as the API documents them; amounts are texts, never floats. Raises CryptoassetsError. Reads and
    calls with an idempotency key are tried again when no answer comes.
    """

    def __init__(self, socket=None, url=None, token=None, timeout=15, retries=3, allow_insecure=False):
        if (socket is None) == (url is None):
            raise ValueError("give either socket or url")
        if url is not None and not token:
            raise ValueError("token is missing; with url every request needs one")
        if url is not None and not allow_insecure and not _is_safe(urlsplit(url)):
            raise ValueError("url is plain http to another machine: use https, or allow_insecure on a trusted network")
        self._socket = None if socket is None else str(socket)
        self._url = None if url is None else urlsplit(url)
        self._token = token
        self._timeout = timeout
        self._retries = retries

    @classmethod
    def from_settings(cls):
        """The engine of this project's CRYPTOASSETS."""
        from . import conf

        settings = conf.read()
        if settings.url is not None:
            return cls(url=settings.url, token=settings.token)
        return cls(socket=settings.socket_path)

    def create_account(self, coin, name):
        """Creates it, or returns the one that has this name already."""
        return self._ask("POST", self._path(coin, "accounts"), {"name": name}, repeatable=True)

    def account(self, coin, name):
        return self._ask("GET", self._path(coin, "accounts", name))

    def create_address(self, coin, account, label=None):
        """A fresh receiving address. Needs the node."""
        body = {} if label is None else {"label": label}
        return self._ask("POST", self._path(coin, "accounts", account, "addresses"), body)

    def deposits(self, coin, **filters):
        """One page: {"items": [...], "next": cursor or None}. Filters: account, address, status, txid, limit, cursor."""
        return self._ask("GET", self._path(coin, "deposits") + self._query(filters))

    def create_payout(self, coin, account, address, amount, label=None, idempotency_key=None):
        """Queues a payout and debits the account. The same key and values again is the same payout, paid once.

        amount: text or Decimal, never a float.
        Without a key a random one is made; it stands in the answer, and in the error.
        """
        if isinstance(amount, float):
            raise TypeError("a float loses satoshis: give amounts as text or Decimal")
        if not isinstance(amount, str):
            amount = format(amount, "f")
        key = idempotency_key or str(uuid.uuid4())
        body = {"account": account, "address": address, "amount": amount}
        if label is not None:
            body["label"] = label
        try:
            return self._ask("POST", self._path(coin, "payouts"), body, {"idempotency-key": key}, repeatable=True)
        except CryptoassetsError as error:
            error.idempotency_key = key
            raise

    def payout(self, coin, payout_id):
        return self._ask("GET", self._path(coin, "payouts", payout_id))

    def payouts(self, coin, **filters):
        """One page. Filters: account, address, status, txid, idempotency_key, limit, cursor."""
        return self._ask("GET", self._path(coin, "payouts") + self._query(filters))

    def events(self, coin, after=0, limit=100):
        """Events after a sequence, oldest first: {"items": [...], "next": ...}."""
        return self._ask("GET", self._path(coin, "events") + self._query({"after": after, "limit": limit}))

    def books(self, coin):
        return self._ask("GET", self._path(coin, "books"))

    def status(self):
        return self._ask("GET", "/v1/status")

    @staticmethod
    def _path(coin, *parts):
        return "/".join(["/v1"] + [quote(str(part), safe="") for part in (coin,) + parts])

    @staticmethod
    def _query(filters):
        given = {name: value for name, value in filters.items() if value is not None}
        return "?" + urlencode(given) if given else ""

    def _ask(self, method, path, body=None, headers=None, repeatable=False):
        for attempt in range(self._retries + 1):
            try:
                status, text = self._once(method, path, body, headers or {})
            except (OSError, http.client.HTTPException) as error:
                words = "no engine answers at %s: %s" % (self._where(), error)
                problem = CryptoassetsError("engine_unreachable", words)
            else:
                if status < 300:
                    return json.loads(text) if text else None
                problem = self._problem(status, text)
            may_repeat = method == "GET" or repeatable
            passes = problem.status is None or problem.status == 429 or problem.status >= 500
            if attempt == self._retries or not (may_repeat and passes):
                raise problem
            time.sleep(min(5, 0.1 * 2**attempt) * random.uniform(0.5, 1))

    def _once(self, method, path, body, headers):
        headers = dict(headers)
        if self._token:
            headers["authorization"] = "Bearer " + self._token
        content = None
        if body is not None:
            content = json.dumps(body).encode("utf-8")
            headers["content-type"] = "application/json"
        connection = self._connect()
        try:
            prefix = self._url.path.rstrip("/") if self._url else ""
            connection.request(method, prefix + path, content, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _connect(self):
        if self._url is None:
            return _SocketConnection(self._socket, self._timeout)
        secure = self._url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        return kind(self._url.hostname, self._url.port, timeout=self._timeout)

    def _where(self):
        return self._socket or self._url.geturl()

    @staticmethod
    def _problem(status, text):
        try:
            problem = json.loads(text)
            return CryptoassetsError(problem["code"], problem["detail"], problem.get("field"), status)
        except (ValueError, KeyError, TypeError):
            words = "something that is no engine answered %d" % status
            return CryptoassetsError("engine_unreachable", words, None, status)
