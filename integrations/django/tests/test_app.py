"""python3 -m unittest discover, in integrations/django. Without an engine; the project's own tests add a real one."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import stat
import tempfile
import threading
import time
import unittest
from decimal import Decimal
from pathlib import Path
from unittest import mock

import django
from django.conf import settings

SECRET = "whsec_" + base64.b64encode(os.urandom(32)).decode()
PLAIN = "another secret, used as it is: ü"
FOLDER = Path(tempfile.mkdtemp())
CONFIG = {
    "coins": {"btc": {"backend": {"url": "http://x", "auth": {"user": "u", "password": "pa$$ß"}, "wallet": "hot"}}},
    "events": {"web": {"type": "webhook", "url": "https://x/hooks", "secret": [SECRET, PLAIN]}, "s": {"type": "script"}},
    "api": {"socket": FOLDER / "engine.sock", "tokens": [{"name": "shop", "token": "t" * 20, "scopes": ["read"]}]},
}

settings.configure(
    BASE_DIR=FOLDER,
    SECRET_KEY="x",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="cryptoassets_django.urls",
    INSTALLED_APPS=["cryptoassets_django"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    CRYPTOASSETS={"CONFIG": CONFIG},
)
django.setup()

from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.core.management import CommandError, call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client as Browser, override_settings  # noqa: E402

from cryptoassets_django import CryptoassetsError, Secret, conf, signals  # noqa: E402
from cryptoassets_django.client import Client  # noqa: E402
from cryptoassets_django.webhooks import verify  # noqa: E402


def sign(body, secret=SECRET, identity=None, at=None):
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    identity = identity or json.loads(body)["id"]
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(key, ("%s.%s." % (identity, timestamp)).encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": identity, "webhook-timestamp": timestamp, "webhook-signature": signature}


count = 0


def body(kind="deposit.credited", label="Käse"):
    global count
    count += 1
    event = {"id": "evt_%d" % count, "sequence": count, "coin": "btc", "type": kind, "schema": 1, "data": {"label": label}}
    return json.dumps(event, ensure_ascii=False).encode()


class Verify(unittest.TestCase):
    def test_any_live_secret_is_taken(self):
        for secret in (SECRET, PLAIN):
            text = body()
            self.assertEqual(verify(text, sign(text, secret), [SECRET, PLAIN]).data, {"label": "Käse"})
        text = body()
        headers = sign(text)
        headers["webhook-signature"] = "v2,x v1 v1,!! v1,ü " + headers["webhook-signature"]
        self.assertEqual(verify(text, headers, [SECRET]).type, "deposit.credited")

    def test_everything_else_is_refused(self):
        text = body()
        good = sign(text)
        old = sign(text, at=time.time() - 302)
        cases = [
            (text, {**good, "webhook-id": ""}, "webhook_headers_missing"),
            (text, {**good, "webhook-timestamp": ""}, "webhook_headers_missing"),
            (text, {**good, "webhook-signature": ""}, "webhook_headers_missing"),
            (text + b" ", good, "bad_signature"),
            (text, {**good, "webhook-id": "evt_0"}, "bad_signature"),
            (text, {**good, "webhook-signature": "v1,"}, "bad_signature"),
            (text, sign(text, PLAIN), "bad_signature"),
            (text, old, "webhook_too_old"),
            (text, sign(text, at=time.time() + 302), "webhook_too_old"),
            (text, {**good, "webhook-timestamp": "١٢٣"}, "webhook_too_old"),
            (text, {**good, "webhook-timestamp": "1e9"}, "webhook_too_old"),
            (b"null", sign(b"null", identity="x"), "bad_webhook_body"),
            (b"\xff", sign(b"\xff", identity="x"), "bad_webhook_body"),
            (b'{"id": "y", "type": "z"}', sign(b'{"id": "y"}', identity="x"), "bad_signature"),
        ]
        for given, headers, code in cases:
            with self.subTest(code=code, headers=headers), self.assertRaises(CryptoassetsError) as caught:
                verify(given, headers, [SECRET])
            self.assertEqual(caught.exception.code, code)
            self.assertEqual(caught.exception.status, 400 if code == "bad_webhook_body" else 401)
        self.assertEqual(verify(text, old, [SECRET], tolerance=400).id, good["webhook-id"])


class View(unittest.TestCase):
    def setUp(self):
        self.got = []
        self.fails = None
        signals.event_received.connect(self.receive)
        signals.deposit_credited.connect(self.credited)
        self.addCleanup(signals.event_received.disconnect, self.receive)
        self.addCleanup(signals.deposit_credited.disconnect, self.credited)

    def receive(self, sender, event, **kwargs):
        self.got.append(event.type)

    def credited(self, sender, event, **kwargs):
        self.got.append("credited " + event.data["label"])
        if self.fails:
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO kept VALUES (1)")
            raise self.fails

    def post(self, text, headers):
        fields = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
        browser = Browser(enforce_csrf_checks=True, raise_request_exception=False)
        return browser.post("/", text, content_type="application/json", **fields)

    def test_an_event_is_sent_once_as_both_signals(self):
        text = body()
        self.assertEqual([self.post(text, sign(text, one)).status_code for one in (SECRET, PLAIN)], [204, 204])
        self.assertEqual(self.got, ["deposit.credited", "credited Käse"])
        newer = body("deposit.vanished")
        self.assertEqual(self.post(newer, sign(newer)).status_code, 204)
        self.assertEqual(self.got[2:], ["deposit.vanished"])

    def test_what_is_not_signed_is_refused(self):
        text = body()
        answer = self.post(text, sign(text, "a secret of somebody else"))
        self.assertEqual((answer.status_code, answer.json()["code"]), (401, "bad_signature"))
        self.assertEqual(self.post(text, {}).status_code, 401)
        self.assertEqual(Browser().get("/").status_code, 405)
        self.assertEqual(self.got, [])

    def test_a_receiver_that_fails_is_500_keeps_nothing_and_gets_the_event_again(self):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS kept (id INTEGER)")
        text = body()
        self.fails = RuntimeError("no")
        self.assertEqual(self.post(text, sign(text)).status_code, 500)
        self.fails = None
        with connection.cursor() as cursor:
            self.assertEqual(cursor.execute("SELECT count(*) FROM kept").fetchone(), (0,))
        self.assertEqual(self.post(text, sign(text)).status_code, 204)
        self.assertEqual(self.got.count("credited Käse"), 2)

    def test_an_event_that_is_being_acted_on_is_busy(self):
        text = body()
        inner = []
        receiver = lambda sender, event, **kwargs: inner.append(self.post(text, sign(text)).status_code)  # noqa: E731
        signals.event_received.connect(receiver)
        self.addCleanup(signals.event_received.disconnect, receiver)
        self.assertEqual(self.post(text, sign(text)).status_code, 204)
        self.assertEqual(inner, [503])

    def test_a_project_without_a_database_needs_none(self):
        text = body()
        with override_settings(CRYPTOASSETS={"CONFIG": CONFIG, "ATOMIC": "elsewhere"}):
            with mock.patch.object(transaction, "atomic", side_effect=AssertionError):
                self.assertEqual(self.post(text, sign(text)).status_code, 204)


class Config(unittest.TestCase):
    def test_no_secret_is_in_the_file_and_all_are_in_the_environment(self):
        config = {**CONFIG, "service": {"log": {"file": Secret("hidden")}}}
        config["coins"] = {"btc": {"backend": {"auth": {"password": "${FROM_OUTSIDE}"}, "url": "http://pa$$ß"}}}
        text, variables = conf.render(config)
        for secret in (SECRET, PLAIN, "t" * 20, "hidden"):
            self.assertNotIn(secret, text)
            self.assertIn(secret, variables.values())
        filled = json.loads(text)
        self.assertEqual(filled["coins"]["btc"]["backend"]["auth"]["password"], "${FROM_OUTSIDE}")
        self.assertEqual(filled["api"]["tokens"][0]["name"], "shop")
        self.assertEqual(filled["api"]["socket"], str(FOLDER / "engine.sock"))
        for name in variables:
            self.assertRegex(name, "^CRYPTOASSETS_SECRET_[A-Z0-9_]+$")

    def test_what_is_wrong_names_its_key(self):
        cases = [
            (None, "CRYPTOASSETS"),
            ({}, "CONFIG"),
            ({"CONFIG": CONFIG, "CONFIG_FILE": "x"}, "CONFIG_FILE"),
            ({"CONFIG": "x"}, "CONFIG"),
            ({"CONFIG": CONFIG, "CONFGI": 1}, "CONFGI"),
            ({"CONFIG": CONFIG, "PROGRAM": []}, "PROGRAM"),
            ({"CONFIG": CONFIG, "TOLERANCE": "5"}, "TOLERANCE"),
            ({"CONFIG": CONFIG, "URL": "http://x"}, "TOKEN"),
        ]
        for values, key in cases:
            with self.subTest(key), override_settings(CRYPTOASSETS=values):
                with self.assertRaisesRegex(ImproperlyConfigured, key):
                    conf.read()
        with self.assertRaisesRegex(ImproperlyConfigured, "per_day"):
            conf.render({"coins": {"btc": {"payouts": {"limits": {"per_day": 1.5}}}}})
        for secrets in ([], "", ["short"], "${SHOP_WEBHOOK_SECRET_OF_THE_SHOP}"):
            with override_settings(CRYPTOASSETS={"CONFIG": CONFIG, "WEBHOOK_SECRETS": secrets}):
                with self.assertRaisesRegex(ImproperlyConfigured, "WEBHOOK_SECRETS"):
                    conf.read().secrets


class Command(unittest.TestCase):
    def run_command(self, *args):
        with mock.patch("os.execvpe") as execute:
            call_command("cryptoassets", *args)
        return execute.call_args[0]

    def test_it_becomes_the_engine_or_a_verb(self):
        path = str(FOLDER / "cryptoassets" / "config.yaml")
        program, command, environment = self.run_command()
        self.assertEqual((program, command), ("cryptoassets-console", ["cryptoassets-console", path, "--headless"]))
        self.assertIn("pa$$ß", environment.values())
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertNotIn(SECRET, Path(path).read_text())
        _, command, _ = self.run_command("events", "btc", "--follow")
        self.assertEqual(command[1:], ["events", "btc", "--follow", "--config", path])
        with override_settings(CRYPTOASSETS={"CONFIG_FILE": "/etc/c.yaml", "PROGRAM": "npx cryptoassets-console"}):
            _, command, environment = self.run_command()
            self.assertEqual(command, ["npx", "cryptoassets-console", "/etc/c.yaml", "--headless"])
            self.assertEqual(environment, dict(os.environ))

    def test_a_program_that_is_not_there_is_said(self):
        with override_settings(CRYPTOASSETS={"CONFIG": CONFIG, "PROGRAM": ["/no/such/program"]}):
            with self.assertRaisesRegex(CommandError, "PROGRAM"):
                call_command("cryptoassets")


class ApiClient(unittest.TestCase):
    """Against a server that fails on demand."""

    def setUp(self):
        test = self
        self.seen = []
        self.answers = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                length = int(self.headers.get("content-length") or 0)
                test.seen.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
                status, text = test.answers.pop(0) if test.answers else (200, b"{}")
                if status is None:
                    return
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_GET

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.client = Client(url="http://127.0.0.1:%d/" % server.server_port, token="token")

    def test_a_payout_whose_answer_is_lost_is_asked_for_again_with_the_same_key(self):
        self.answers = [(None, b""), (503, b'{"code":"stopping","detail":"x"}'), (201, b'{"id":"7"}')]
        self.assertEqual(self.client.create_payout("btc", "a", "b", "0.5"), {"id": "7"})
        keys = {headers["idempotency-key"] for _, _, headers, _ in self.seen}
        self.assertEqual((len(self.seen), len(keys)), (3, 1))
        self.assertEqual(self.seen[0][2]["authorization"], "Bearer token")

    def test_an_error_tells_code_field_status_and_key(self):
        self.answers = [(422, b'{"code":"bad_amount","detail":"no","field":"amount"}')]
        with self.assertRaises(CryptoassetsError) as caught:
            self.client.create_payout("btc", "a", "b", "0,5", idempotency_key="k")
        error = caught.exception
        told = (error.code, error.field, error.status, error.idempotency_key)
        self.assertEqual(told, ("bad_amount", "amount", 422, "k"))
        self.assertEqual(len(self.seen), 1)

    def test_an_address_is_asked_for_once_and_names_are_no_paths(self):
        self.answers = [(None, b"")]
        with self.assertRaisesRegex(CryptoassetsError, "engine_unreachable"):
            self.client.create_address("btc", "../health")
        self.assertEqual([seen[1] for seen in self.seen], ["/v1/btc/accounts/..%2Fhealth/addresses"])
        self.answers = [(404, b"<html>")]
        with self.assertRaisesRegex(CryptoassetsError, "no engine"):
            self.client.status()

    def test_amounts_are_exact(self):
        self.client.create_payout("btc", "a", "b", Decimal("1E-8"))
        self.assertEqual(json.loads(self.seen[0][3])["amount"], "0.00000001")
        with self.assertRaises(TypeError):
            self.client.create_payout("btc", "a", "b", 0.5)
        self.assertEqual(len(self.seen), 1)

    def test_options_are_looked_at(self):
        for options in ({}, {"socket": "a", "url": "b"}, {"url": "http://x"}, {"url": "http://x", "token": "t"}):
            with self.assertRaises(ValueError):
                Client(**options)


if __name__ == "__main__":
    unittest.main()
