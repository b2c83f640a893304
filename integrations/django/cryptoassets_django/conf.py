"""The settings dict CRYPTOASSETS; README.md explains every key."""

import json
import os
import re
import shlex
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .secret import Secret

KEYS = {
    "PROGRAM": ["cryptoassets-console"],
    "CONFIG": None,
    "CONFIG_FILE": None,
    "CONFIG_PATH": None,
    "WEBHOOK_SECRETS": None,
    "TOLERANCE": 300,
    "SEEN": "cryptoassets_django.seen.CacheSeen",
    "ATOMIC": True,
    "SOCKET": None,
    "URL": None,
    "TOKEN": None,
}
SECRET_KEYS = {"password", "secret", "token"}
VARIABLE = re.compile(r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$")


def _bad(key, problem):
    return ImproperlyConfigured('CRYPTOASSETS["%s"] %s' % (key, problem))


class Conf:
    """What CRYPTOASSETS says, with defaults. Made by read(), which has looked at every key."""

    def __init__(self, values):
        for key, default in KEYS.items():
            setattr(self, key.lower(), values.get(key, default))

    @property
    def config_file(self):
        """Path of the engine's config: the one that was given, or where CONFIG is written."""
        return Path(self._config_file or self.config_path or Path(settings.BASE_DIR) / "cryptoassets" / "config.yaml")

    @config_file.setter
    def config_file(self, value):
        self._config_file = value

    @property
    def is_written(self):
        """Whether the config is made from CONFIG."""
        return self.config is not None

    @property
    def secrets(self):
        """Of the webhook: WEBHOOK_SECRETS, or every secret of CONFIG's webhook sinks."""
        if self.webhook_secrets is not None:
            found = self.webhook_secrets
        else:
            sinks = ((self.config or {}).get("events") or {}).values()
            found = [sink.get("secret") for sink in sinks if sink.get("type") == "webhook"]
        flat = [found] if isinstance(found, str) else found
        texts = [text for one in flat for text in ([one] if isinstance(one, str) else one or [])]
        if not texts or any(len(text) < 24 or VARIABLE.match(text) for text in texts):
            raise _bad("WEBHOOK_SECRETS", "must hold the webhook's secrets themselves, at least 24 characters each")
        return texts

    @property
    def socket_path(self):
        """Of the engine, for the client: SOCKET, or CONFIG's api.socket beside the config file."""
        if self.socket is not None:
            return str(self.socket)
        api = (self.config or {}).get("api") or {}
        return str(self.config_file.parent / os.path.expanduser(str(api.get("socket", "./data/engine.sock"))))


def read():
    """The settings, checked. Raises ImproperlyConfigured, which names the key."""
    values = getattr(settings, "CRYPTOASSETS", None)
    if not isinstance(values, dict):
        raise ImproperlyConfigured("the settings must have a dict CRYPTOASSETS with CONFIG or CONFIG_FILE")
    for key in values:
        if key not in KEYS:
            raise _bad(key, "is not known; known are %s" % ", ".join(KEYS))
    conf = Conf(values)
    if (conf.config is None) == (conf._config_file is None):
        raise _bad("CONFIG", "or CONFIG_FILE must be given: the engine's config as a dict, or the path of its file")
    if conf.config is not None and not isinstance(conf.config, dict):
        raise _bad("CONFIG", "must be a dict with the keys of config.yaml")
    if isinstance(conf.program, str):
        conf.program = shlex.split(conf.program)
    if not conf.program or not all(isinstance(part, (str, os.PathLike)) for part in conf.program):
        raise _bad("PROGRAM", "must be a command, such as ['npx', 'cryptoassets-console']")
    if not isinstance(conf.tolerance, (int, float)) or conf.tolerance <= 0:
        raise _bad("TOLERANCE", "must be a number of seconds")
    if conf.url is not None and not conf.token:
        raise _bad("TOKEN", "is missing; with URL every request needs one")
    return conf


def render(config):
    """CONFIG as text that is YAML and JSON, with every secret as a variable; and the values of those variables."""
    variables = {}

    def conceal(text, path):
        if VARIABLE.match(text):
            return text
        name = "CRYPTOASSETS_SECRET_" + re.sub(r"[^A-Z0-9]+", "_", "_".join(path).upper())
        while name in variables:
            name += "_"
        variables[name] = str(text)
        return "${%s}" % name

    def walk(value, path, secret):
        if isinstance(value, dict):
            return {str(key): walk(one, path + [str(key)], key in SECRET_KEYS) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [walk(one, path + [str(index)], secret) for index, one in enumerate(value)]
        if value is None or isinstance(value, (bool, int)):
            return value
        if isinstance(value, float):
            raise _bad("CONFIG", "holds the float %r at %s; amounts are texts such as '1.5'" % (value, ".".join(path)))
        text = str(value)
        return conceal(text, path) if secret or isinstance(value, Secret) else text

    return json.dumps(walk(config, [], False), indent=2, ensure_ascii=False) + "\n", variables


def write(path, text):
    """Into place at once, for this user only. A file that says the same already is left alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    handle, beside = tempfile.mkstemp(dir=str(path.parent), prefix=".config-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, str(path))
    except BaseException:
        os.unlink(beside)
        raise
