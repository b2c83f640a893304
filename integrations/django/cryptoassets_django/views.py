import contextlib

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from . import conf, signals
from .errors import CryptoassetsError
from .seen import BUSY, DONE
from .webhooks import Event, verify


def _problem(status, code, detail, **headers):
    response = JsonResponse({"status": status, "code": code, "detail": detail}, status=status)
    response["Content-Type"] = "application/problem+json"
    for name, value in headers.items():
        response[name.replace("_", "-")] = value
    return response


def _transaction(atomic):
    """One for the receivers' work, on the database `atomic` names; none where the project has no database."""
    alias = atomic if isinstance(atomic, str) else "default"
    engine = settings.DATABASES.get(alias, {}).get("ENGINE", "django.db.backends.dummy")
    if not atomic or engine == "django.db.backends.dummy":
        return contextlib.nullcontext()
    return transaction.atomic(using=alias)


def _send(event):
    signals.event_received.send(sender=Event, event=event)
    own = signals.by_type.get(event.type)
    if own is not None:
        own.send(sender=Event, event=event)


@csrf_exempt
@require_POST
def webhook(request):
    """The engine's webhook. 204: acted on, now or before. 401: not signed by the engine. 503: being acted on just now.

    What a receiver raises is Django's to report, and 500: nothing that the receivers wrote is kept (ATOMIC), and the
    engine sends the event again, before any later one.
    """
    settings = conf.read()
    try:
        event = verify(request.body, request.headers, settings.secrets, settings.tolerance)
    except CryptoassetsError as error:
        return _problem(error.status, error.code, error.detail)
    seen = import_string(settings.seen)()
    state = DONE
    try:
        with _transaction(settings.atomic):
            state = seen.claim(event.id)
            if state not in (DONE, BUSY):
                _send(event)
    except BaseException:
        if state not in (DONE, BUSY):
            seen.release(event.id)
        raise
    if state == BUSY:
        return _problem(503, "busy", "another process is acting on this event", Retry_After="5")
    if state != DONE:
        seen.finish(event.id)
    return HttpResponse(status=204)
