"""Whether a class offers what a protocol asks for."""

import inspect


def missing_of(protocol: type, offered: object) -> list[str]:
    """Members of a protocol that an object lacks, or whose parameters it names otherwise."""
    names = [name for name in vars(protocol) if not name.startswith("_")]
    missing = []
    for name in names:
        asked = inspect.getattr_static(protocol, name)
        if not hasattr(offered, name):
            missing.append(name)
        elif inspect.isfunction(asked):
            parameters = list(inspect.signature(asked).parameters)[1:]
            if list(inspect.signature(getattr(offered, name)).parameters) != parameters:
                missing.append(name)
    return missing
