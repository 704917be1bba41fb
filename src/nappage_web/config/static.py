"""Static files by the hash of their content, imports between our modules included, compressed once."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class _Whole(Compressor):  # type: ignore[misc]  # whitenoise has no types
    """A compressed file is there whole or not at all: it is taken for good."""

    def write_data(self, path: str, data: bytes, suffix: str, stat_result: os.stat_result) -> str:
        os.replace(super().write_data(path, data, f"{suffix}.part", stat_result), path + suffix)
        return path + suffix


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    support_js_module_import_aggregation = True
    keep_only_hashed_files = True  # no page asks for another

    def create_compressor(self, **options: Any) -> Compressor:
        return _Whole(**options)

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """A name tells its content: what was compressed at an earlier start is not again. gzip is written last."""
        yield from super().compress_files([path for path in paths if not self.exists(f"{path}.gz")])
