"""Kubernetes' quantities as numbers: ``500m`` is a half, ``2Gi`` are 2147483648.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

import decimal
import re
from typing import Any

QUANTITY = re.compile(
    r"([0-9]{1,20}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(n|u|m|k|[KMGTPE]i|[MGTPE]|[eE][-+]?[0-9]{1,2})?"
)
DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def number(quantity: Any) -> decimal.Decimal:
    """Return how much a quantity is; raises `ValueError` for what is none."""
    match = QUANTITY.fullmatch(str(quantity)[:50])
    if match is None or isinstance(quantity, bool):
        raise ValueError(f"{str(quantity)[:50]!r} isn't a quantity")
    value, unit = decimal.Decimal(match[1]), match[2] or ""
    if unit in BINARY:
        return value * decimal.Decimal(1 << BINARY[unit])
    exponent = DECIMAL[unit] if unit in DECIMAL else int(unit[1:] or 0)
    return value.scaleb(exponent)
