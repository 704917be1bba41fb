"""FHIR R4 in and out. `read_bundle` and `to_answers` turn a bundle into the answers that `intake` reads."""

from .bundle import looks_like_bundle, parse_bundle, read_bundle, to_answers, with_record

__all__ = ["looks_like_bundle", "parse_bundle", "read_bundle", "to_answers", "with_record"]
