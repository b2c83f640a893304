"""Which events were acted on already: the engine sends each at least once."""

from django.core.cache import cache

NEW = "new"
DONE = "done"
BUSY = "busy"


class CacheSeen:
    """In Django's cache, for longer than the engine tries again. As lasting as that cache is.

    For what must never happen twice write your own class and name it in CRYPTOASSETS["SEEN"]: a table with the event's
    id as its key. `claim` runs in the same transaction as the receivers (CRYPTOASSETS["ATOMIC"]), so that both are kept
    or neither; see README.md.
    """

    #: s. The engine tries for 3 days.
    remember = 7 * 24 * 3600
    #: s after which an event that was begun and neither finished nor released (a killed process) may be begun again.
    patience = 300

    @staticmethod
    def _name(event_id):
        return "cryptoassets:" + event_id

    def claim(self, event_id):
        """NEW: begun now. DONE: acted on before. BUSY: another process is acting on it at this moment."""
        name = self._name(event_id)
        if cache.add(name, BUSY, self.patience):
            return NEW
        return DONE if cache.get(name) == DONE else BUSY

    def finish(self, event_id):
        """The receivers did their work, and it is committed."""
        cache.set(self._name(event_id), DONE, self.remember)

    def release(self, event_id):
        """They failed: the engine will send it again."""
        cache.delete(self._name(event_id))
