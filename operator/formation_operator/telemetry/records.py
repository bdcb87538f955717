"""The fields of a line of the log that is about a Formation; as JSON each stands by itself."""

from collections.abc import Mapping


def about(key: tuple[str, str], process_type: str = "") -> Mapping[str, str]:
    """Return them, as ``extra`` of a call of the logger."""
    namespace, formation = key
    named = {"process_type": process_type} if process_type else {}
    return {"namespace": namespace, "formation": formation, **named}
