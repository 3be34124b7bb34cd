"""How files and folders appear whole or not at all.

``drafts`` are hidden folders in which a run works; one that was killed leaves its draft, and the next run removes it.
``exchange`` swaps two folders by one rename. ``publish`` gives the finished folder its place, while ``signals`` waits
with Ctrl-C and the like.
"""
