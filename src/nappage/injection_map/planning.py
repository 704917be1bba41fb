"""`lay_out`: an order on a body, or on one patient's skin → the injection map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..intake import Order, Spot, closure, region_id
from ..knowledge import Edition, cited
from ..values import InputError, plain
from . import danger, points, zones
from . import fit as fits
from .atlas import Atlas, load
from .carry import carry
from .coverage import Aim, BlebLaw, calibrated, cover, published, spacing_for, volume_for
from .danger import Danger
from .depth import check_depth
from .document import (
    Coverage,
    DangerDrawn,
    DepthCheck,
    Fit,
    InjectionMap,
    MappedZone,
    MapPoint,
    Notice,
    Place,
    Side,
    SurfaceUsed,
    Syringe,
    Vector,
)
from .flatten import Flattening, cache_folder, flatten, nearest
from .kept import kept
from .layout import (
    Laid,
    Mode,
    beside,
    in_proportion,
    lattice_count,
    lay_count,
    lay_fan,
    lay_grid,
    lay_lines,
    lay_named,
    lay_threads,
    measured,
    no_points,
)
from .mesh import Floats, Ints, Patch, Surface
from .path import blocked_in
from .path import order as needle_order
from .points import NamedPoint
from .volumes import shared, syringes
from .wishes import Wish, budget_ml, volumes, wishes

NEAR_MM = 25.0  # a danger zone this close to the map is drawn
CUT_MM = 0.6  # a patch is cut linearly across triangles, which may come so far within a margin that is rounder
MOST_POINTS = 10_000
BESIDE = 2.0  # points of other zones count within so many spacings of a zone
STEP_MM = 1.0  # between the spots of a step that are looked at
SNAP_MM = 1.0  # a named point moves by no more than this onto what is left of its zone
OWN_MM = 3.0  # a spot set by hand belongs to a zone that is this close
CLOSEST = {"strict": 0.9, "cover": 0.85}  # no two points nearer than this share of the spacing
THREAD_MM = 12.0  # a thread's length where none is ordered: a 12 to 13 mm needle, inserted whole
ERASE_MM = 3.0  # what a spot erases where it has no radius
DIFFERS = 0.1  # spacings further apart than this share are two wishes


# Named points with their volumes, mL, by zone and side.
Named = dict[tuple[str, Side], list[tuple[NamedPoint, Decimal | None]]]


@dataclass(frozen=True, eq=False)
class Piece:
    """What is left of a zone on one side: its patch, the patch as a surface, and the danger zones that cut it."""

    patch: Patch
    skin: Surface
    cut_by: tuple[Danger, ...]
    drawn: bool  # as the atlas draws it, and not by hand

    @cached_property
    def area_mm2(self) -> float:
        return float(self.skin.areas_mm2.sum())

    @cached_property
    def flat(self) -> tuple[Flattening, ...]:
        # Borders drawn by hand are many and seldom come back: they are not kept on disk.
        return flatten(self.skin, cache_folder(load().version) if self.drawn else None)

    @cached_property
    def border(self) -> tuple[tuple[Vector, ...], ...]:
        return tuple(_vectors(self.skin.vertices_mm[[*loop, loop[0]]]) for loop in self.skin.boundary_loops())


@dataclass(frozen=True)
class Drawn:
    """A wish on the skin, and the points laid on it."""

    wish: Wish
    piece: Piece
    laid: Laid
    wanted_mm: float  # the spacing it was laid out with
    # After the points laid out stand the named ones, and after those the ones set by hand.
    named: tuple[tuple[NamedPoint, Decimal | None], ...] = ()  # each with its volume, mL
    added: tuple[Spot, ...] = ()

    @property
    def own_ml(self) -> list[Decimal | None]:
        """The volume that each point has of its own, mL."""
        grid = len(self.laid) - len(self.named) - len(self.added)
        return [None] * grid + [volume for _, volume in self.named] + [spot.volume_ml for spot in self.added]


def lay_out(
    order: Order, edition: Edition, *, sex: str | None = None, fit: Fit | None = None, language: str = "en"
) -> InjectionMap:
    """The map of an order's session, on the atlas's body of that sex or on the patient the atlas was `fit` to.

    Raises InputError where the order names no technique, no area, or nothing that can be laid out.
    """
    return _Session(order, edition, sex, fit, language).laid_out()


def carried(earlier: InjectionMap, edition: Edition, fit: Fit, erase: Sequence[Spot] = ()) -> InjectionMap:
    """An earlier map's points on the newly fitted skin, measured there, but for those in what is erased; the rest share
    what the syringes hold. Coverage by the practitioner's own wheals is not in the map; it is left out, and comes back
    when the order is laid out anew. Raises InputError where the map is of another atlas."""
    atlas = load()
    worn = earlier.surface.fit
    if earlier.atlas == atlas.version:
        before = atlas.body(earlier.surface.body) if worn is None else fits.surface(atlas, worn)
    else:
        before = atlas.body(earlier.surface.body)  # refused by `carry`
    after = fits.surface(atlas, fit)
    earlier = _without(earlier, after, erase, edition)
    dangers = {one.id: one for one in danger.near(atlas, after, edition, earlier.language)}
    law = published(edition)

    def anew(zone: MappedZone, points: Sequence[MapPoint], surface: Surface) -> MappedZone:
        patch, _ = zones.patch(
            atlas,
            zone.zone,
            zone.side,
            surface,
            [dangers[name] for name in zone.cut_by if name in dangers],
            border=[Spot(triangle=p.triangle, barycentric=p.barycentric) for p in zone.dragged] or None,
        )
        skin = patch.on(surface)
        positions = np.array([point.position_mm for point in points]).reshape(-1, 3)
        ends = np.array([point.to_position_mm or point.position_mm for point in points]).reshape(-1, 3)
        spacing, coverage = zone.spacing, None
        if spacing is not None:
            faces, weights, _ = skin.nearest(positions)
            spacing = measured(flatten(skin, cache_folder(atlas.version)), faces, weights, spacing.wanted_mm)
        volumes_ml = [float(point.volume_ml) for point in points if point.volume_ml is not None]
        if zone.coverage is not None and zone.coverage.calibrated_by is None and len(volumes_ml) == len(points):
            coverage, _ = cover(
                skin, positions, volumes_ml, bleb=law, aim=earlier.aim, edition=edition, language=earlier.language,
                to_mm=ends,
            )  # fmt: skip
        area_cm2 = round(float(skin.areas_mm2.sum()) / 100, 2)
        return zone.model_copy(update={"area_cm2": area_cm2, "spacing": spacing, "coverage": coverage})

    moved = carry(earlier, atlas, before, fit, edition, anew)
    return moved.model_copy(update={"edition": edition.fingerprint, "software": __version__})


def _without(map: InjectionMap, skin: Surface, erase: Sequence[Spot], edition: Edition) -> InjectionMap:
    """A map without the points that lie in erased spots of a skin."""
    if not erase or not map.points:
        return map
    kept = np.ones(len(map.points), dtype=bool)
    triangles = np.array([point.place.triangle for point in map.points])
    positions = skin.at(triangles, np.array([point.place.barycentric for point in map.points]))
    for spot in erase:
        centre = skin.at(np.array([spot.triangle]), np.array([spot.barycentric]))
        kept &= np.linalg.norm(positions - centre, axis=1) > float(spot.radius_mm or ERASE_MM)
    points = [point for point, stays in zip(map.points, kept, strict=True) if stays]
    if map.volume_ml is not None and points:
        each = [point.volume_ml or Decimal(0) for point in points]
        points = [
            point.model_copy(update={"volume_ml": volume})
            for point, volume in zip(points, shared(map.volume_ml, each), strict=True)
        ]
    size = map.syringes[0].volume_ml if len(map.syringes) > 1 else None
    amounts = [point.volume_ml for point in points if point.volume_ml is not None]
    filled, of_point = syringes(amounts, size) if len(amounts) == len(points) else ((), (1,) * len(points))
    points = [
        point.model_copy(update={"number": number, "syringe": syringe})
        for number, (point, syringe) in enumerate(zip(points, of_point, strict=True), start=1)
    ]
    zones_left = []
    for zone in map.zones:
        held = [point.volume_ml for point in points if point.zone == zone.id]
        total = None if any(v is None for v in held) else sum((v for v in held if v is not None), Decimal(0))
        zones_left.append(zone.model_copy(update={"points": len(held), "volume_ml": total}))
    text = edition.say("map.lay-erased", map.language, count=str(int((~kept).sum())))
    notices = (*map.notices, Notice(kind="note", about="erase", text=text))
    return map.model_copy(
        update={"points": tuple(points), "zones": tuple(zones_left), "syringes": filled, "notices": notices}
    )


class _Session:
    """One map while it is made."""

    def __init__(self, order: Order, edition: Edition, sex: str | None, fit: Fit | None, language: str) -> None:
        self.order, self.edition, self.sex, self.fit, self.language = order, edition, sex, fit, language
        self.atlas: Atlas = load()
        self.body = fit.body if fit is not None else ("male" if sex == "male" else "female")
        self.surface = self.atlas.body(self.body) if fit is None else fits.surface(self.atlas, fit)
        self.notices: list[Notice] = []
        self.dangers = {one.id: one for one in _near(self.atlas, self.surface, edition, language)}

    def say(self, key: str, **words: str) -> str:
        return self.edition.say(f"map.lay-{key}", self.language, **words)

    def notice(self, kind: str, about: str, key: str, **words: str) -> None:
        self.notices.append(Notice.model_validate({"kind": kind, "about": about, "text": self.say(key, **words)}))

    def laid_out(self) -> InjectionMap:
        bleb = self._bleb()
        self.order = order = self._covering(self.order, bleb)
        barring = self._barring()
        named = self._named(barring)
        self.technique, wished, asked = wishes(
            order,
            self.edition,
            self.language,
            zones=zones.zone_ids(),
            sided=frozenset(one for one in zones.zone_ids() if len(zones.sides(one)) == 2),
            named=frozenset(named),
            painted=lambda border: zones.drawn_side(self.atlas, border),
        )
        self.notices += asked
        self._about_the_body()
        pieces = self._pieces(wished, barring)
        self._about_borders(pieces)
        drawn = self._by_hand(self._laid(pieces, named), barring)
        laid = [(one.wish, one.own_ml) for one in drawn]
        parts, asked = volumes(order, laid, self.edition, self.language)
        self.notices += asked
        self._about_volumes(parts)
        zones_mapped = tuple(self._mapped(one, part, bleb) for one, part in zip(drawn, parts, strict=True))
        points, path_mm = self._points(drawn, parts)
        points, filled = self._filled(points)
        total = [point.volume_ml for point in points]
        return InjectionMap(
            software=__version__,
            edition=self.edition.fingerprint,
            language=self.language,
            atlas=self.atlas.version,
            surface=self._surface_used(),
            technique=self.technique,
            aim=order.map.aim,
            layout=order.map.layout,
            zones=zones_mapped,
            points=points,
            dangers=self._dangers_drawn(drawn),
            syringes=filled,
            volume_ml=None if any(v is None for v in total) else sum((v for v in total if v is not None), Decimal(0)),
            path_mm=path_mm,
            notices=tuple(dict.fromkeys(self.notices)),
        )

    def _covering(self, order: Order, bleb: BlebLaw | None) -> Order:
        """The order with the spacing, or the volume per point, that a wanted coverage asks for."""
        share, spacing, volume = order.map.covered, order.spacing_mm, order.volume_per_point_ml
        if share is None:
            return order
        if bleb is None:
            self.notice("ask", "covered", "covered-no-blebs")
            return order
        if volume is not None and spacing is None and order.points is None:
            spacing = Decimal(f"{spacing_for(float(share), float(volume), bleb):.1f}")
            settled = {"spacing_mm": spacing}
        elif spacing is not None and volume is None and budget_ml(order) is None:
            volume = Decimal(f"{volume_for(float(share), float(spacing), bleb):.3f}")
            settled = {"volume_per_point_ml": volume}
        else:
            self.notice("ask", "covered", "covered-over")
            return order
        self.notices.append(
            Notice(
                kind="note",
                about="covered",
                text=self.say("covered", share=f"{float(share):.0%}", spacing=plain(spacing), volume=plain(volume)),
                sources=bleb.sources,
            )
        )
        return order.model_copy(update=settled)

    # --- the skin ----------------------------------------------------------------------------------------------

    def _about_the_body(self) -> None:
        if self.sex not in ("female", "male"):
            self.notice("ask", "sex", "sex")
        if self.fit is None:
            self.notice("note", "atlas", "not-to-scale")
        else:
            self.notices += [Notice(kind="warn", about=self.fit.kind, text=note) for note in self.fit.notes]
        if self.order.map.aim is None:
            self.notice("ask", "aim", "aim")

    def _barring(self) -> list[Danger]:
        """The danger zones that points keep out of; those the clinician enters, with a reason, are left out."""
        barring = dict(self.dangers)
        for name, reason in self.order.map.enter.items():
            found = self.dangers.get(name)
            if found is None:
                self.notice("ask", name, "enter-unknown", danger=name, known=", ".join(self.dangers))
            elif not found.may_enter:
                self.notice("refuse", name, "enter-never", danger=found.title)
            else:
                del barring[name]
                self.notice("warn", name, "entered", danger=found.title, reason=reason)
        return list(barring.values())

    def _pieces(self, wished: Sequence[Wish], barring: Sequence[Danger]) -> list[tuple[Wish, Piece]]:
        found = []
        for wish in wished:
            piece = _piece(self.surface, wish.zone, wish.side, wish.asked.border, tuple(barring))
            if len(piece.patch.faces) == 0:
                names = ", ".join(one.title for one in piece.cut_by)
                self.notice("warn", wish.id, "cut-away", zone=self._title(wish), dangers=names)
                continue
            found.append((wish, piece))
        return self._in_turn(found)

    def _in_turn(self, found: list[tuple[Wish, Piece]]) -> list[tuple[Wish, Piece]]:
        """As a hand goes: the upper midline, the right side, the left side, the lower midline; each downwards."""
        height = {wish.id: float(piece.skin.vertices_mm[:, 1].mean()) for wish, piece in found}
        beside = [height[wish.id] for wish, _ in found if wish.side != "midline"]
        middle = float(np.median(beside)) if beside else 0.0

        def turn(one: tuple[Wish, Piece]) -> tuple[int, float]:
            wish = one[0]
            lower = height[wish.id] < middle
            return {"midline": 3 if lower and beside else 0, "right": 1, "left": 2}[wish.side], -height[wish.id]

        return sorted(found, key=turn)

    def _title(self, wish: Wish) -> str:
        region = self.edition.regions.get(wish.zone)
        title = wish.zone if region is None else self._region(wish.zone)
        return title if wish.side == "midline" else self.say(f"side-{wish.side}", zone=title)

    def _region(self, region: str) -> str:
        return self.edition.text(self.edition.regions[region].title, self.language)

    # --- the points --------------------------------------------------------------------------------------------

    def _laid(self, pieces: Sequence[tuple[Wish, Piece]], named: Named) -> list[Drawn]:
        areas = [piece.area_mm2 for _, piece in pieces]
        self._countable([wish for wish, _ in pieces], areas)
        targets = self._targets([wish for wish, _ in pieces], areas)
        drawn: list[Drawn] = []
        # Named points stand where they stand: the grids keep their distance from them.
        near = np.array([point.position_mm for here in named.values() for point, _ in here]).reshape(-1, 3)
        for (wish, piece), target in zip(pieces, targets, strict=True):
            laid = self._one(wish, piece, target, near)
            if len(laid) == 0 and wish.pattern in ("grid", "lines") and wish.spacing_mm is not None:
                self.notice("note", wish.id, "too-few", zone=self._title(wish), spacing=f"{wish.spacing_mm:g}")
            laid = _clear(laid, piece)
            near = np.vstack([near, laid.positions_mm])
            apart = laid.spacing.wanted_mm if laid.spacing else wish.spacing_mm
            wanted_mm = apart or _lattice_spacing_mm(piece.area_mm2, max(len(laid), 1))
            one = Drawn(wish, piece, laid, wanted_mm)
            drawn.append(self._with_named(one, named.pop((wish.zone, wish.side), [])))
        for here in named.values():  # of zones of which nothing is left
            for point, _ in here:
                self.notice("refuse", "named", "named-lost", point=point.title)
        return drawn

    def _countable(self, wished: Sequence[Wish], areas: Sequence[float]) -> None:
        """Raises InputError where the spacing asks for more points than an order may have."""
        spacings = [wish.spacing_mm for wish in wished if wish.spacing_mm is not None]
        count = sum(
            lattice_count(area, wish.spacing_mm)
            for wish, area in zip(wished, areas, strict=True)
            if wish.spacing_mm is not None
        )
        if count > MOST_POINTS:
            least = min(spacings) * float(np.sqrt(count / MOST_POINTS))
            raise InputError(
                "order.spacing_mm",
                f"{min(spacings):g} mm over these zones is about {count:.0f} points, and a map holds {MOST_POINTS}",
                f"Give at least {np.ceil(10 * least) / 10:g} mm, or fewer zones",
            )

    def _targets(self, wished: Sequence[Wish], areas: Sequence[float]) -> list[int | None]:
        """How many points each zone has to have; None where its spacing decides."""
        wanted: list[int | None] = [None] * len(wished)
        for asked in {id(wish.asked): wish.asked for wish in wished if wish.asked.points}.values():
            rows = [i for i, wish in enumerate(wished) if wish.asked is asked]
            parts = in_proportion(asked.points or 0, np.array([areas[i] for i in rows]))
            for i, part in zip(rows, parts, strict=True):
                wanted[i] = part
        free = [i for i, wish in enumerate(wished) if wish.spacing_mm is None and wanted[i] is None]
        if free and self.order.points is not None:
            spent = sum(count or 0 for count in wanted) + sum(
                round(lattice_count(area, wish.spacing_mm))
                for wish, area in zip(wished, areas, strict=True)
                if wish.spacing_mm is not None
            )
            left = max(self.order.points - spent, 0)
            for i, part in zip(free, in_proportion(left, np.array([areas[i] for i in free])), strict=True):
                wanted[i] = part
            if self.order.spacing_mm is not None and left:
                apart = _lattice_spacing_mm(sum(areas[i] for i in free), left)
                if abs(apart / float(self.order.spacing_mm) - 1) > DIFFERS:
                    self.notice(
                        "ask", "spacing", "count",
                        points=str(self.order.points), ordered=plain(self.order.spacing_mm), spacing=f"{apart:.1f}",
                    )  # fmt: skip
        return wanted

    def _one(self, wish: Wish, piece: Piece, target: int | None, near: Floats) -> Laid:
        nowhere = lay_named(piece.skin, no_points())
        if wish.pattern == "named" or target == 0:
            return nowhere
        spacing = wish.spacing_mm
        if spacing is None:
            assert target is not None  # a wish without a spacing has a number of points
            spacing = _lattice_spacing_mm(piece.area_mm2, target)
        pitch = wish.pitch_mm or spacing
        thread = float(wish.asked.thread_mm or THREAD_MM)
        near = beside(piece.flat, near, BESIDE * max(spacing, pitch))
        laid = _lay(
            piece.flat, wish.pattern, spacing, pitch, thread, target, self.order.map.layout, wish.asked.rows_deg, near
        )
        if laid is None:
            self.notice("ask", wish.id, "no-thread", zone=self._title(wish), thread=f"{thread:g}")
        return laid or nowhere

    def _named(self, barring: Sequence[Danger]) -> Named:
        """The single named points, each with its volume, by the zone and side they lie in. One in a danger zone is left
        out, and said."""
        found: Named = {}
        for wish in self.order.map.point_sets:
            side: Side = "midline" if wish.side == "both" else wish.side
            unsourced = []
            for point in points.places(self.atlas, self.surface, wish.set, side, self.edition, self.language):
                inside = points.entered(point, barring)
                place = self._zone_at(point)
                if inside or place is None:
                    titles = ", ".join(self.dangers[name].title for name in inside) or self.say("no-zone-here")
                    self.notice("refuse", wish.set, "named-danger", point=point.title, danger=titles)
                    continue
                published = None if point.volume_ml is None else Decimal(str(point.volume_ml))
                found.setdefault(place, []).append((point, wish.volume_per_point_ml or published))
                if not point.sourced:
                    unsourced.append(point)
            if unsourced:
                titles = ", ".join(dict.fromkeys(point.title for point in unsourced))
                text = self.say("named-unsourced", points=titles)
                sources = tuple(dict.fromkeys(source for point in unsourced for source in point.sources))
                self.notices.append(Notice(kind="warn", about=wish.set, text=text, sources=sources))
        return found

    def _zone_at(self, point: NamedPoint) -> tuple[str, Side] | None:
        """The zone and side that a place lies in, or the one it is nearest to within a few millimetres."""
        corners = self.atlas.triangles[point.triangle]
        fields = {
            (zone, side): float(point.weights @ zones.zone_field(self.atlas, zone, side)[corners])
            for zone in zones.zone_ids()
            for side in zones.sides(zone)
        }
        best = max(fields, key=lambda place: fields[place])
        return best if fields[best] > -OWN_MM else None

    def _with_named(self, one: Drawn, here: Sequence[tuple[NamedPoint, Decimal | None]]) -> Drawn:
        """A zone with its named points; one that its patch does not hold any more is left out, and said."""
        kept = []
        for point, volume in here:
            if float(one.piece.skin.nearest(np.array([point.position_mm]))[2][0]) > SNAP_MM:
                self.notice("refuse", "named", "named-lost", point=point.title)
            else:
                kept.append((point, volume))
        if not kept:
            return one
        more = lay_named(one.piece.skin, np.array([point.position_mm for point, _ in kept]))
        return replace(one, laid=replace(one.laid.joined(more), spacing=one.laid.spacing), named=tuple(kept))

    def _by_hand(self, drawn: Sequence[Drawn], barring: Sequence[Danger]) -> list[Drawn]:
        """The layout with what was erased taken out and what was added put in."""
        wished = self.order.map
        erased = 0
        out = []
        for one in drawn:
            keep = np.ones(len(one.laid), dtype=bool)
            for spot in wished.erase:
                centre = self._position(spot)
                keep &= np.linalg.norm(one.laid.positions_mm - centre, axis=1) > float(spot.radius_mm or ERASE_MM)
            named = tuple(
                point for point, kept in zip(one.named, keep[len(keep) - len(one.named) :], strict=True) if kept
            )
            erased += int((~keep).sum())
            out.append(one if keep.all() else replace(one, laid=one.laid.only(keep), named=named))
        if wished.erase:
            self.notice("note", "erase", "erased", count=str(erased))
        for spot in wished.add:
            self._add(spot, out, barring)
        return [self._measured_anew(one) for one in out]

    def _measured_anew(self, one: Drawn) -> Drawn:
        laid = one.laid
        if laid.spacing is not None or one.named or one.wish.pattern in ("named", "fan") or len(laid) < 2:
            return one
        spacing = _measured(one.piece.flat, laid.faces, laid.weights, one.wanted_mm)
        return replace(one, laid=replace(laid, spacing=spacing))

    def _add(self, spot: Spot, drawn: list[Drawn], barring: Sequence[Danger]) -> None:
        position = self._position(spot)
        place = np.array([spot.triangle]), np.array([spot.barycentric])
        for bar in barring:
            if float(bar.at(*place, position[None])[0]) <= bar.margin_mm:
                self.notice("refuse", "add", "add-danger", danger=bar.title)
                return
        best: tuple[float, int] | None = None
        for index, one in enumerate(drawn):
            if spot.zone not in (None, one.wish.zone, one.wish.id):
                continue
            away = float(one.piece.skin.nearest(position[None])[2][0])
            if best is None or away < best[0]:
                best = away, index
        if best is None or best[0] > OWN_MM:
            self.notice("ask", "add", "add-far")
            return
        one = drawn[best[1]]
        laid = one.laid.joined(lay_named(one.piece.skin, position[None]))
        drawn[best[1]] = replace(one, laid=laid, added=(*one.added, spot))

    def _position(self, spot: Spot) -> Floats:
        if spot.triangle >= len(self.surface.triangles):
            raise InputError(
                "order.map",
                f"the atlas has no triangle {spot.triangle}",
                f"It has {len(self.surface.triangles)}, from 0",
            )
        return np.asarray(self.surface.at(np.array([spot.triangle]), np.array([spot.barycentric]))[0])

    # --- what is said of a zone --------------------------------------------------------------------------------

    def _bleb(self) -> BlebLaw | None:
        """The law by which blebs are drawn; None where the practitioner's wheals scatter too much for any."""
        wheals = self.order.map.wheals
        if wheals is None:
            return published(self.edition)
        own, says = calibrated(wheals, self.edition, self.language)
        self.notices += [Notice(kind="note" if own else "warn", about="wheals", text=text) for text in says]
        return own

    def _mapped(self, one: Drawn, part: tuple[Decimal, ...] | None, bleb: BlebLaw | None) -> MappedZone:
        wish, spacing = one.wish, one.laid.spacing
        if (
            spacing is not None
            and spacing.min_mm < CLOSEST[self.order.map.layout] * spacing.wanted_mm
            and not one.added
        ):
            self.notice(
                "refuse", wish.id, "close", zone=self._title(wish), distance=f"{spacing.min_mm:.1f}",
                limit=f"{CLOSEST[self.order.map.layout]:g}",
            )  # fmt: skip
        depth = self._depth(wish, one.piece)
        return MappedZone(
            id=wish.id,
            zone=wish.zone,
            side=wish.side,
            title=self._title(wish),
            site=depth.site,
            pattern=wish.pattern,
            area_cm2=round(one.piece.area_mm2 / 100, 2),
            points=len(one.laid),
            volume_ml=None if part is None else sum(part, Decimal(0)),
            spacing=spacing,
            depth=depth,
            coverage=self._coverage(one, part, bleb),
            border=one.piece.border,
            dragged=tuple(Place(triangle=s.triangle, barycentric=s.barycentric) for s in wish.asked.border or ()),
            cut_by=tuple(danger.id for danger in one.piece.cut_by),
        )

    def _about_borders(self, pieces: Sequence[tuple[Wish, Piece]]) -> None:
        """Where zones drawn by hand lie: which skin governs the depth, and regions that the order does not name."""
        named = {region_id(self.edition, area) for area in self.order.areas} - {None}
        for wish, piece in pieces:
            if piece.drawn:
                continue
            sites = self._sites(wish, piece)
            if len(sites) > 1:
                governing = self._depth(wish, piece).site
                self.notice(
                    "note", wish.id, "lies-on", zone=self._title(wish),
                    regions=", ".join(self._region(site) if site else self.say("no-zone-here") for site in sites),
                    site=self._region(governing) if governing else self.say("no-zone-here"),
                )  # fmt: skip
            beyond = [site for site in sites if site and not closure(self.edition, site) & named]
            if named and beyond:
                regions = ", ".join(self._region(site) for site in beyond)
                self.notice("ask", wish.id, "beyond-areas", zone=self._title(wish), regions=regions)

    def _sites(self, wish: Wish, piece: Piece) -> tuple[str | None, ...]:
        """The regions whose skin a zone has, most of it first; None where no region is known."""
        if piece.drawn:
            return (wish.zone,)
        own = region_id(self.edition, wish.zone)
        return tuple(dict.fromkeys(site or own for site in _lies_on(self.atlas, piece.patch, self.surface)))

    def _depth(self, wish: Wish, piece: Piece) -> DepthCheck:
        """The check that governs: of all regions the zone lies on the gravest, then the one least likely as aimed."""
        return min((self._depth_on(wish, site) for site in self._sites(wish, piece)), key=_from_gravest)

    def _depth_on(self, wish: Wish, site: str | None) -> DepthCheck:
        order = self.order
        own = wish.asked.depth_mm
        return _depth_at(
            site=site,
            sex=self.sex if self.sex in ("female", "male") else None,
            technique=self.technique,
            inserted_mm=None if own is not None else _float(order.inserted_mm),
            angle_deg=_float(order.angle_deg),
            needle_mm=_float(order.needle_mm),
            tip_depth_mm=_float(own if own is not None else order.depth_mm),
            edition=self.edition,
            language=self.language,
        )

    def _coverage(self, one: Drawn, part: tuple[Decimal, ...] | None, bleb: BlebLaw | None) -> Coverage | None:
        if bleb is None or not part or min(part) <= 0:
            return None
        return _covered(
            one.piece.skin,
            one.laid.positions_mm,
            [float(volume) for volume in part],
            bleb=bleb,
            aim=self.order.map.aim,
            edition=self.edition,
            language=self.language,
            to_mm=one.laid.to_mm if len(one.laid.to_mm) else None,
        )

    def _about_volumes(self, parts: Sequence[tuple[Decimal, ...] | None]) -> None:
        """What a point holds against what the technique is published with."""
        held = [volume for part in parts for volume in part or ()]
        if not held:
            if not any(part is None for part in parts):
                self.notice("ask", "points", "no-points")
            return
        if min(held) <= 0:
            self.notice("ask", "volume", "nothing-each")
        record = self.edition.techniques[self.technique]
        if record.volume_per_point_ml is None or max(held) <= record.volume_per_point_ml[1]:
            return
        low, high = record.volume_per_point_ml
        text = self.say("much", held=plain(max(held)), low=plain(low), high=plain(high))
        kind: Literal["ask", "warn"] = "ask" if max(held) > 2 * high else "warn"
        sources = cited(self.edition, record.source)
        self.notices.append(Notice(kind=kind, about="volume", text=text, sources=sources))

    # --- the needle --------------------------------------------------------------------------------------------

    def _points(
        self, drawn: Sequence[Drawn], parts: Sequence[tuple[Decimal, ...] | None]
    ) -> tuple[tuple[MapPoint, ...], float]:
        """The points in the order of the needle, zone by zone, and how far it steps over the skin in all."""
        points: list[MapPoint] = []
        path_mm = 0.0
        for one, part in zip(drawn, parts, strict=True):
            laid = one.laid
            if not len(laid):
                continue
            steps = _way(
                one.piece, laid.faces, laid.weights, laid.positions_mm, laid.rows, laid.to_faces, laid.to_weights,
                laid.to_mm,
            )  # fmt: skip
            for step in steps:
                if step.from_before_mm is not None:
                    path_mm += step.from_before_mm
                points.append(
                    MapPoint(
                        number=len(points) + 1,
                        zone=one.wish.id,
                        place=step.place,
                        position_mm=step.position_mm,
                        normal=step.normal,
                        volume_ml=None if part is None else part[step.of],
                        syringe=1,
                        lift=step.from_before_mm is None and bool(points),
                        added=step.of >= len(laid) - len(one.added),
                        name=_name(one, step.of),
                        to=step.to,
                        to_position_mm=step.to_position_mm,
                    )
                )
        return tuple(points), round(path_mm, 1)

    def _filled(self, points: tuple[MapPoint, ...]) -> tuple[tuple[MapPoint, ...], tuple[Syringe, ...]]:
        amounts = [point.volume_ml for point in points if point.volume_ml is not None]
        if not points or len(amounts) < len(points):
            return points, ()
        filled, of_point = syringes(amounts, self.order.syringe_ml)
        return tuple(p.model_copy(update={"syringe": s}) for p, s in zip(points, of_point, strict=True)), filled

    # --- around it ---------------------------------------------------------------------------------------------

    def _surface_used(self) -> SurfaceUsed:
        fit = self.fit
        if fit is None:
            return SurfaceUsed(kind="atlas", body=self.body, to_scale=False, scale=self.say("not-to-scale"))
        return fits.used(fit)

    def _dangers_drawn(self, drawn: Sequence[Drawn]) -> tuple[DangerDrawn, ...]:
        """Those that cut a zone, were entered, or come near one."""
        cutting = {danger.id for one in drawn for danger in one.piece.cut_by}
        out = []
        for one in self.dangers.values():
            entered = self.order.map.enter.get(one.id) if one.may_enter else None
            if one.id not in cutting and entered is None and not any(_close(one, each.piece.skin) for each in drawn):
                continue
            out.append(
                DangerDrawn(
                    id=one.id,
                    title=one.title,
                    says=one.says,
                    margin_mm=one.margin_mm,
                    sourced=one.sourced,
                    entered=entered,
                    outline=_outline(one),
                    sources=one.sources,
                )
            )
        return tuple(out)


# --- steps that an edit elsewhere leaves as they are -------------------------------------------------------------
# What stays in memory is bounded: some 160 MB after two hundred edits of a face, and hardly more after that.

_near = kept(16)(danger.near)
_measured = kept(64)(measured)
_depth_at = kept(256)(check_depth)
_lies_on = kept(256)(zones.lies_on)


@kept(256)
def _piece(
    surface: Surface, zone: str, side: Side, border: tuple[Spot, ...] | None, barring: tuple[Danger, ...]
) -> Piece:
    """What is left of a zone on one side, whole or within a border drawn by hand, beside the danger zones."""
    wider = [replace(one, margin_mm=one.margin_mm + CUT_MM) for one in barring]
    patch, cut_by = zones.patch(load(), zone, side, surface, wider, border=border)
    cutting = tuple(one for one in barring if one.id in cut_by)
    return Piece(patch, patch.on(surface), cutting, drawn=border is None)


@kept(256)
def _lay(
    flat: tuple[Flattening, ...], pattern: str, spacing_mm: float, pitch_mm: float, thread_mm: float,
    target: int | None, mode: Mode, rows_deg: float | None, near_mm: Floats,
) -> Laid | None:  # fmt: skip
    """The points of a pattern; None where no thread fits."""
    try:
        if pattern == "fan":
            return lay_fan(flat, thread_mm, pitch_mm)
        if pattern == "threads":
            return lay_threads(flat, thread_mm, pitch_mm, rows_deg=rows_deg, near_mm=near_mm)
    except InputError:
        return None
    if pattern == "lines":
        return lay_lines(flat, spacing_mm, pitch_mm, rows_deg=rows_deg, near_mm=near_mm)
    if target is not None:
        return lay_count(flat, target, mode=mode, rows_deg=rows_deg, near_mm=near_mm)
    return lay_grid(flat, spacing_mm, mode=mode, rows_deg=rows_deg, near_mm=near_mm)


def _clear(laid: Laid, piece: Piece) -> Laid:
    """Without the points that lie in a margin all the same: on the body's coarse triangles a cut may be off by more
    than CUT_MM."""
    if not len(laid):
        return laid
    clear = _outside(piece, laid.faces, laid.weights, laid.positions_mm)
    return laid if clear.all() else laid.only(clear)


@kept(256)
def _outside(piece: Piece, faces: Ints, weights: Floats, positions_mm: Floats) -> NDArray[np.bool_]:
    """(k,): which points of a piece lie outside the margins of the danger zones that cut it."""
    triangles, barycentric = piece.patch.place(faces, weights)
    clear = np.ones(len(faces), dtype=bool)
    for one in piece.cut_by:
        clear &= one.at(triangles, barycentric, positions_mm) > one.margin_mm
    return clear


@kept(256)
def _covered(
    skin: Surface, points_mm: Floats, volumes_ml: Sequence[float], *, bleb: BlebLaw, aim: Aim, edition: Edition,
    language: str, to_mm: Floats | None,
) -> Coverage:  # fmt: skip
    found, _ = cover(
        skin, points_mm, volumes_ml, bleb=bleb, aim=aim, edition=edition, language=language, to_mm=to_mm
    )  # fmt: skip
    return found


@dataclass(frozen=True)
class Step:
    """One point on the needle's way through a piece. `of`: which of the points laid it is; `from_before_mm`: how far
    the needle steps from the point before, None where it is lifted."""

    of: int
    place: Place
    position_mm: Vector
    normal: Vector
    from_before_mm: float | None
    to: Place | None
    to_position_mm: Vector | None


@kept(256)
def _way(
    piece: Piece, faces: Ints, weights: Floats, positions_mm: Floats, rows: Ints, to_faces: Ints, to_weights: Floats,
    to_mm: Floats,
) -> tuple[Step, ...]:  # fmt: skip
    """The points of a piece in the order of the needle."""
    order, lifts = needle_order(positions_mm, rows, blocked=blocked_in(piece.flat, positions_mm))
    triangle, barycentric = piece.patch.place(faces, weights)
    lifts = lifts | _over_danger(piece, positions_mm[order], triangle[order])
    normals = piece.skin.normals_at(faces, weights)
    ends = piece.patch.place(to_faces, to_weights) if len(to_faces) else None
    steps = []
    for turn, i in enumerate(order):
        lift = bool(lifts[turn]) or turn == 0
        steps.append(
            Step(
                of=int(i),
                place=_place(int(triangle[i]), barycentric[i]),
                position_mm=_vector(positions_mm[i]),
                normal=_vector(normals[i], 4),
                from_before_mm=(
                    None if lift else float(np.linalg.norm(positions_mm[i] - positions_mm[order[turn - 1]]))
                ),
                to=None if ends is None else _place(int(ends[0][i]), ends[1][i]),
                to_position_mm=None if ends is None else _vector(to_mm[i]),
            )
        )
    return tuple(steps)


def _over_danger(piece: Piece, way_mm: Floats, triangle: Ints) -> NDArray[np.bool_]:
    """(k,): whether the straight step to each point of the needle's way (k, 3) comes into a danger zone's margin."""
    over = np.zeros(len(way_mm), dtype=bool)
    if len(way_mm) < 2:
        return over
    start, end = way_mm[:-1], way_mm[1:]
    steps = np.linspace(0, 1, int(np.linalg.norm(end - start, axis=1).max() / STEP_MM) + 2)[1:-1]
    spots = (start[:, None] + steps[:, None] * (end - start)[:, None]).reshape(-1, 3)
    places = np.repeat(triangle[:-1], len(steps)), np.full((len(spots), 3), 1 / 3)
    for found in piece.cut_by:
        away = np.abs(found.at(*places, spots)).reshape(len(start), -1)
        over[1:] |= (away < found.margin_mm).any(axis=1)
    return over


@kept(4096)
def _close(danger: Danger, skin: Surface) -> bool:
    """Whether a danger zone's margin comes near a piece of skin."""
    lines = [line for line in danger.outline if len(line) > 1]
    return bool(lines) and float(nearest(skin.vertices_mm, np.vstack(lines))[0].min()) < NEAR_MM


@kept(1024)
def _outline(danger: Danger) -> tuple[tuple[Vector, ...], ...]:
    return tuple(_vectors(line) for line in danger.outline if len(line) > 1)


def _from_gravest(check: DepthCheck) -> tuple[int, float]:
    """By this the gravest check comes first, and of equal ones the one that is least likely as aimed."""
    aimed = [getattr(chance, check.aim or "dermis") for chance in check.chances]
    return ("refused", "ask", "warn", "as-aimed").index(check.verdict), min(aimed, default=0.0)


def _name(one: Drawn, index: int) -> str | None:
    """What a point is called, where it is one of a set."""
    first = len(one.laid) - len(one.added) - len(one.named)
    return one.named[index - first][0].title if first <= index < first + len(one.named) else None


def _lattice_spacing_mm(area_mm2: float, count: int) -> float:
    """The spacing at which a hexagonal lattice has so many points on an area."""
    return float(np.sqrt(lattice_count(area_mm2, 1.0) / count))


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _vector(values: Floats, digits: int = 3) -> Vector:
    x, y, z = (round(float(value), digits) for value in values)
    return (x, y, z)


def _vectors(rows: Floats) -> tuple[Vector, ...]:
    return tuple(_vector(row, 2) for row in rows)


def _place(triangle: int, weights: Floats) -> Place:
    a, b = round(max(float(weights[0]), 0.0), 6), round(max(float(weights[1]), 0.0), 6)
    return Place(triangle=triangle, barycentric=(a, b, round(max(1 - a - b, 0.0), 6)))
