"""The injection map as a document: every point with its place, depth and volume, in the order of the needle.

Lengths are millimetres in the body's own frame: x to the patient's left, y up, z forwards. A place on the skin is a
triangle of the named atlas with three barycentric weights, so a map moves with the mesh to another body, to a patient
the atlas was fitted to, and to that patient's next visit.
"""

from __future__ import annotations

import base64
import binascii
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator, model_validator

from ..knowledge import Cited
from ..values import Amount, Document

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

Vector = tuple[float, float, float]
Body = Literal["female", "male"]
Side = Literal["left", "right", "midline"]
Layer = Literal["epidermis", "dermis", "fat"]


class Place(Document):
    """A place on the atlas's skin; the weights are at least 0 and sum to 1."""

    triangle: int = Field(ge=0)
    barycentric: Vector

    @model_validator(mode="after")
    def _weights(self) -> Place:
        if min(self.barycentric) < -1e-6 or abs(sum(self.barycentric) - 1) > 1e-6:
            raise ValueError("barycentric weights are at least 0 and sum to 1")
        return self


class MapPoint(Document):
    """One injection. A thread has its exit in `to`: the needle enters at `place` and its tip reaches `to`, from where
    the product is laid down on the way back."""

    number: int = Field(ge=1)  # in the order of the needle
    zone: str  # the id of its MappedZone
    place: Place
    position_mm: Vector
    normal: Vector
    volume_ml: Amount | None  # None where the order gives no volume
    syringe: int = Field(ge=1)
    lift: bool = False  # the needle does not step here from the point before: lift, and go around
    added: bool = False  # set by hand
    to: Place | None = None
    to_position_mm: Vector | None = None
    name: str | None = None  # of a single named point


class Spacing(Document):
    """Measured on the skin: the distance to the nearest other point of the zone, and the gaps."""

    wanted_mm: float
    min_mm: float
    mean_mm: float
    cv: float  # standard deviation ÷ mean
    largest_gap_mm: float  # from any spot of the zone to the nearest point
    within_065: float  # share of the zone within 0.65 of the wanted spacing from a point


class LayerChance(Document):
    """How likely the tip lies in each layer, by one published set of thicknesses; the three sum to 1."""

    thickness_set: str
    epidermis: float
    dermis: float
    fat: float
    skin_mm: float  # mean epidermis + dermis of the set at this site
    skin_sd_mm: float
    borrowed_from: str | None = None  # the set has no figure for this site; this site's was used
    sources: tuple[Cited, ...] = ()


class DepthCheck(Document):
    """Where the tip will lie at one site."""

    site: str
    sex: str | None
    inserted_mm: float | None = None
    angle_deg: float | None = None
    tip_depth_mm: float | None = None
    tip_sd_mm: float | None = None
    aim: Layer | None = None
    verdict: Literal["as-aimed", "warn", "refused", "ask"]
    chances: tuple[LayerChance, ...] = ()
    says: tuple[str, ...] = ()  # warnings and questions, in sentences
    suggestion: str | None = None
    sources: tuple[Cited, ...] = ()


class Band(Document):
    """5th, 50th and 95th percentile."""

    low: float
    middle: float
    high: float


class Coverage(Document):
    """Estimated area under the blebs; never a drug level, a duration or a result."""

    aim: Literal["field", "points"] | None  # None: not asked yet
    share: Band  # of the zone's area
    overlap: float  # share of the zone under two blebs or more, expected
    punctures_per_cm2: float
    ml_per_cm2: float
    bleb_mm: Band  # one bleb's diameter
    calibrated_by: str | None = None  # whose wheals, and when; None: the published law
    says: tuple[str, ...] = ()
    sources: tuple[Cited, ...] = ()


class MappedZone(Document):
    """One zone on one side."""

    id: str  # zone and side: cheek-right
    zone: str  # of the atlas; or the name of one that was painted freely
    side: Side
    title: str
    site: str  # the region whose skin thickness counts; empty where none is known
    pattern: Literal["grid", "lines", "threads", "fan", "named"]
    area_cm2: float
    points: int
    volume_ml: Amount | None
    spacing: Spacing | None = None  # None where there are fewer than two points
    depth: DepthCheck
    coverage: Coverage | None = None
    border: tuple[tuple[Vector, ...], ...]  # its outlines as drawn, mm
    dragged: tuple[Place, ...] = ()  # its border, where it was dragged or painted
    cut_by: tuple[str, ...] = ()  # ids of the danger zones that took skin away


class DangerDrawn(Document):
    """A danger zone near the map: a range with a margin, never a guarantee."""

    id: str
    title: str
    says: str
    margin_mm: float
    sourced: bool  # False: drawn dashed
    entered: str | None = None  # the clinician's reason for placing points in it
    outline: tuple[tuple[Vector, ...], ...]
    sources: tuple[Cited, ...] = ()


class Syringe(Document):
    """What is drawn up. A point that outlasts its syringe is the last of one and the first of the next."""

    number: int
    volume_ml: Amount
    first_point: int
    last_point: int


class Camera(Document):
    """A pinhole camera: a point X (mm) is seen at K·(R·X + t), with x to the right and y down, (0, 0) in the middle of
    the first pixel. Lens distortion is not modelled."""

    fx: float = Field(gt=0)  # focal length, px
    fy: float = Field(gt=0)
    cx: float  # principal point, px
    cy: float
    rotation: tuple[Vector, Vector, Vector]
    translation_mm: Vector
    width_px: int = Field(gt=0)
    height_px: int = Field(gt=0)

    @staticmethod
    def of(
        rotation: ArrayLike,
        translation_mm: ArrayLike,
        focal_px: tuple[float, float],
        centre_px: tuple[float, float],
        size_px: tuple[int, int],
    ) -> Camera:
        """From arrays (3, 3) and (3,), and pairs in the order x, y."""
        import numpy as np

        rows = np.asarray(rotation, dtype=np.float64)
        return Camera(
            fx=float(focal_px[0]), fy=float(focal_px[1]), cx=float(centre_px[0]), cy=float(centre_px[1]),
            rotation=(_vector(rows[0]), _vector(rows[1]), _vector(rows[2])),
            translation_mm=_vector(np.asarray(translation_mm, dtype=np.float64)),
            width_px=int(size_px[0]), height_px=int(size_px[1]),
        )  # fmt: skip

    @property
    def turn(self) -> NDArray[np.float64]:
        """(3, 3): the rotation."""
        import numpy as np

        return np.array(self.rotation)

    def project(self, points_mm: ArrayLike) -> NDArray[np.float64]:
        """(k, 3): x and y in the picture, px, and the depth before the camera, mm."""
        import numpy as np

        seen = np.asarray(points_mm) @ self.turn.T + np.array(self.translation_mm)
        with np.errstate(divide="ignore", invalid="ignore"):
            x = self.fx * seen[:, 0] / seen[:, 2] + self.cx
            y = self.fy * seen[:, 1] / seen[:, 2] + self.cy
        return np.column_stack([x, y, seen[:, 2]])


class Fit(Document):
    """One patient's head on one day. `head`: base64 of little-endian int16 (k, 3), the positions of the atlas's
    `head_base` vertices from `origin_mm`, in hundredths of a millimetre."""

    document: Literal["fit"] = "fit"
    schema_version: Literal["1"] = "1"
    kind: Literal["photograph", "scan"]
    body: Body
    atlas: str  # the atlas's version
    scale: str  # in words: where the millimetres come from
    mm_per_unit: float | None = None  # of a scan's file
    body_scale: float = Field(gt=0)  # the patient's size ÷ the atlas body's, by the face
    origin_mm: Vector
    head: str
    camera: Camera | None = None  # the photograph's
    taken_on: date | None = None
    notes: tuple[str, ...] = ()  # on its quality, in sentences

    @field_validator("head")
    @classmethod
    def _is_packed(cls, head: str) -> str:
        try:
            size = len(base64.b64decode(head, validate=True))
        except binascii.Error as error:
            raise ValueError("the head is not base64") from error
        if size % 6:
            raise ValueError("the head is not a row of three 16-bit numbers for each vertex")
        return head


def _vector(row: NDArray[np.float64]) -> Vector:
    return (float(row[0]), float(row[1]), float(row[2]))


class SurfaceUsed(Document):
    """What the map was laid out on. `to_scale` is False for the atlas: no template has a patient's size."""

    kind: Literal["atlas", "photograph", "scan"]
    body: Body
    to_scale: bool
    scale: str  # in words: where the millimetres come from
    taken_on: date | None = None
    fit: Fit | None = None  # the patient's skin itself, so that the map can be drawn from this document alone


class Notice(Document):
    """Something to decide or to know. `ask` stays open and blocks signing; `refuse` blocks it outright."""

    kind: Literal["ask", "refuse", "warn", "note"]
    about: str  # zone, danger or part of the order
    text: str
    sources: tuple[Cited, ...] = ()


class InjectionMap(Document):
    """The whole map of one session. Points stand in the order of the needle."""

    document: Literal["injection-map"] = "injection-map"
    schema_version: Literal["1"] = "1"
    software: str
    edition: str
    language: str
    atlas: str  # the atlas's version
    surface: SurfaceUsed
    technique: str
    aim: Literal["field", "points"] | None = None
    layout: Literal["strict", "cover"]
    zones: tuple[MappedZone, ...]
    points: tuple[MapPoint, ...]
    dangers: tuple[DangerDrawn, ...] = ()
    syringes: tuple[Syringe, ...] = ()
    volume_ml: Amount | None
    path_mm: float
    notices: tuple[Notice, ...] = ()

    @model_validator(mode="after")
    def _adds_up(self) -> InjectionMap:
        if [point.number for point in self.points] != list(range(1, len(self.points) + 1)):
            raise ValueError("the points' numbers do not run from 1 in the order of the needle")
        counts = {zone.id: zone.points for zone in self.zones}
        for name in {point.zone for point in self.points} - counts.keys():
            raise ValueError(f"a point lies in '{name}', which is none of the map's zones")
        for name, count in counts.items():
            if count != sum(point.zone == name for point in self.points):
                raise ValueError(f"the zone '{name}' has another number of points than it says")
        volumes = [point.volume_ml for point in self.points if point.volume_ml is not None]
        if (
            len(volumes) == len(self.points)
            and self.volume_ml is not None
            and sum(volumes, Decimal(0)) != self.volume_ml
        ):
            raise ValueError("the points do not hold the map's volume")
        return self

    @property
    def open(self) -> tuple[str, ...]:
        """What is refused or left to ask, in sentences."""
        asked = [notice.text for notice in self.notices if notice.kind in ("ask", "refuse")]
        deep = [text for zone in self.zones if zone.depth.verdict in ("ask", "refused") for text in zone.depth.says]
        return tuple(dict.fromkeys(asked + deep))

    @property
    def may_be_signed(self) -> bool:
        """Whether nothing is refused and nothing is left to ask, of the tip's depth neither."""
        asks = any(notice.kind in ("ask", "refuse") for notice in self.notices)
        return not asks and not any(zone.depth.verdict in ("ask", "refused") for zone in self.zones)

    @property
    def refused(self) -> bool:
        """Whether something on it must not be done at all."""
        deep = any(zone.depth.verdict == "refused" for zone in self.zones)
        return deep or any(notice.kind == "refuse" for notice in self.notices)
