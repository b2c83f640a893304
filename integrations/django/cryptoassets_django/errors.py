class CryptoassetsError(Exception):
    """What the engine refused, or a webhook that is none.

    code: stable, of the engine's problem documents; `engine_unreachable` when it gave no answer.
    detail: the same for people. field: the input at fault, or None. status: of HTTP, None without an answer.
    idempotency_key: of a payout that failed; asking again with it is safe, and tells what became of it.
    """

    def __init__(self, code, detail, field=None, status=None, idempotency_key=None):
        super().__init__("%s: %s" % (code, detail))
        self.code = code
        self.detail = detail
        self.field = field
        self.status = status
        self.idempotency_key = idempotency_key
