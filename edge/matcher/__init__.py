"""From a frame to an identification: detect, align, embed, search, vote.

Exports the names that other rooms use. Each is loaded at its first use, so that reading the manifest loads no OpenCV.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.matcher.engine.engine import FaceEngine, open_engine
    from edge.matcher.enrolment.templates import EnrolmentError
    from edge.matcher.pipeline import FaceMatcher, open_matcher
    from edge.matcher.weights.fetch import fetch_pack
    from edge.matcher.weights.manifest import ModelError, load_manifest
else:
    _MODULES = {
        "EnrolmentError": "edge.matcher.enrolment.templates",
        "FaceEngine": "edge.matcher.engine.engine",
        "FaceMatcher": "edge.matcher.pipeline",
        "ModelError": "edge.matcher.weights.manifest",
        "fetch_pack": "edge.matcher.weights.fetch",
        "load_manifest": "edge.matcher.weights.manifest",
        "open_engine": "edge.matcher.engine.engine",
        "open_matcher": "edge.matcher.pipeline",
    }

    def __getattr__(name: str) -> Any:
        """Load an exported name. Raises AttributeError for any other."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULES[name]), name)


__all__ = [
    "EnrolmentError",
    "FaceEngine",
    "FaceMatcher",
    "ModelError",
    "fetch_pack",
    "load_manifest",
    "open_engine",
    "open_matcher",
]
