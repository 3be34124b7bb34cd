"""Unique identifiers that are the same whenever the same result is exported again."""

import hashlib
import uuid
from dataclasses import replace

from .. import __version__
from ..core.report import SpineReport
from ..report.document import report_json
from .source import DicomSource

_NAMESPACE = uuid.UUID("6f2c1d0e-58b7-4a39-9d0b-3e6b4c7f1a25")
"""Names of this program in the sense of RFC 4122; drawn at random once."""


def uid_of(*names: str) -> str:
    """The identifier of what has these names, under the root 2.25 of identifiers made from a UUID (PS3.5, B.2)."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, chr(10).join(names)).int}"


def result_key(report: SpineReport, source: DicomSource) -> str:
    """What tells one result from every other one: what was found in which series, by which version.

    The path of the input is left out, so that a copy of the CT in another folder gives the same identifiers.
    """
    content = report_json(replace(report, input={}))
    text = "\n".join((__version__, source.study_uid, source.series_uid, content))
    return hashlib.sha256(text.encode()).hexdigest()
