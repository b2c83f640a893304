from django.apps import AppConfig
from django.core import checks


def check_settings(app_configs, **kwargs):
    from django.core.exceptions import ImproperlyConfigured

    from . import conf

    try:
        conf.read()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="cryptoassets.E001")]
    return []


class CryptoassetsConfig(AppConfig):
    name = "cryptoassets_django"
    verbose_name = "Cryptoassets"

    def ready(self):
        checks.register(check_settings)
