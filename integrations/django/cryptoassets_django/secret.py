class Secret(str):
    """Text in CRYPTOASSETS["CONFIG"] that reaches the engine by its environment and never stands in a file.

    What stands under `password`, `secret`, `token` and `tokens` is kept secret without it.
    """
