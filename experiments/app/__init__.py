"""The app, ``deca10b app``: an economy to play with, for a lecture hall or a desk.

`session` is what one browser plays with, without any page; `stage`, `chronicle`, `controls` and `stories` are its
parts. `page` and its panels show it; `charts` says what the charts look like. Nothing here imports a user's code: what
the page sends are names and numbers from lists that the session itself offers.
"""
