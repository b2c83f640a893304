"""Django signals, one for every event and one for each type. Receivers get `event`, an Event.

from cryptoassets_django.signals import deposit_credited

@receiver(deposit_credited)
def paid(sender, event, **kwargs):
    Order.objects.filter(address=event.data["address"]).update(paid=True)
"""

from django.dispatch import Signal

event_received = Signal()

deposit_detected = Signal()
deposit_confirmations = Signal()
deposit_credited = Signal()
deposit_settled = Signal()
deposit_dropped = Signal()
payout_queued = Signal()
payout_sent = Signal()
payout_confirmations = Signal()
payout_confirmed = Signal()
payout_unconfirmed = Signal()
payout_settled = Signal()
payout_held = Signal()
payout_released = Signal()
payout_conflicted = Signal()
payout_cancelled = Signal()
transfer_done = Signal()
account_frozen = Signal()
account_unfrozen = Signal()
backend_down = Signal()
backend_up = Signal()
backend_behind = Signal()
books_drift = Signal()
books_balanced = Signal()
ledger_restored = Signal()

#: Type of an event -> its signal. A type that is newer than this app is sent as event_received only.
by_type = {
    "deposit.detected": deposit_detected,
    "deposit.confirmations": deposit_confirmations,
    "deposit.credited": deposit_credited,
    "deposit.settled": deposit_settled,
    "deposit.dropped": deposit_dropped,
    "payout.queued": payout_queued,
    "payout.sent": payout_sent,
    "payout.confirmations": payout_confirmations,
    "payout.confirmed": payout_confirmed,
    "payout.unconfirmed": payout_unconfirmed,
    "payout.settled": payout_settled,
    "payout.held": payout_held,
    "payout.released": payout_released,
    "payout.conflicted": payout_conflicted,
    "payout.cancelled": payout_cancelled,
    "transfer.done": transfer_done,
    "account.frozen": account_frozen,
    "account.unfrozen": account_unfrozen,
    "backend.down": backend_down,
    "backend.up": backend_up,
    "backend.behind": backend_behind,
    "books.drift": books_drift,
    "books.balanced": books_balanced,
    "ledger.restored": ledger_restored,
}
