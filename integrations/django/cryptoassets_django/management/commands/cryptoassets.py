import argparse
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from cryptoassets_django import conf


class Command(BaseCommand):
    help = (
        "Runs the engine with the settings in CRYPTOASSETS, in place of this process: signals and exit codes are the "
        "engine's. With a verb (init, check, status, rescan, send, events, ...) runs that verb instead."
    )
    # The engine has no use for the project's database.
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--print-config", action="store_true", help="print the config file and end")
        parser.add_argument("verb", nargs=argparse.REMAINDER, help="a verb of cryptoassets-console and its arguments")

    def handle(self, *args, **options):
        try:
            settings = conf.read()
            environment = self.prepare(settings, options["print_config"])
        except ImproperlyConfigured as error:
            raise CommandError(str(error))
        if environment is None:
            return
        path = str(settings.config_file)
        verb = options["verb"]
        arguments = verb + ["--config", path] if verb else [path, "--headless"]
        command = [os.fspath(part) for part in settings.program] + arguments
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            os.execvpe(command[0], command, environment)
        except OSError as error:
            raise CommandError(
                '%s cannot be run (%s): npm install --global cryptoassets-console, or say in CRYPTOASSETS["PROGRAM"] '
                "where it is" % (command[0], error.strerror)
            )

    def prepare(self, settings, only_print):
        """Writes the config when it is made from the settings. The engine's environment, or None when it was printed."""
        if not settings.is_written:
            if only_print:
                self.stdout.write(settings.config_file.read_text(encoding="utf-8"), ending="")
                return None
            return dict(os.environ)
        text, variables = conf.render(settings.config)
        if only_print:
            self.stdout.write(text, ending="")
            return None
        conf.write(settings.config_file, text)
        return dict(os.environ, **variables)
