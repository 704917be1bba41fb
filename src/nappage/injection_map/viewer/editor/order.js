// What an edit means in the order: pure functions from an order to a list of {path, value}.
//
// The order's `areas` say which regions are treated: other parts of the plan read them, so every chosen zone stays
// covered by one. A zone that an area would bring along, but that is not wanted, stands in `map.zones` with the pattern
// "named" (single named points only), which lays out nothing there.

const entries = (order) => order.map?.zones ?? [];
const leftOut = (entry) => entry?.pattern === 'named';
const PLAIN = new Set(['zone', 'side']);

export class Choice {
  // `zones`: those of the atlas; `names`: what the names in the order mean, zone → sides.
  constructor(order, zones, names) {
    Object.assign(this, { order, names, known: new Map(zones.map((zone) => [zone.id, zone])) });
    this.chosen = new Map(); // zone → side → its entry or null
    for (const name of order.areas ?? []) {
      for (const [id, sides] of Object.entries(this.meant(name))) for (const side of sides) this.put(id, side, null);
    }
    const narrowed = new Set();
    for (const entry of entries(order)) {
      const side = entry.side ?? 'both';
      for (const id of this.zonesOf(entry.zone)) {
        if (side !== 'both' && !narrowed.has(id)) this.chosen.delete(id); // naming one side leaves the other out
        narrowed.add(id);
        this.put(id, side, entry);
      }
    }
    for (const [id, sides] of this.chosen) {
      for (const [side, entry] of sides) if (leftOut(entry)) sides.delete(side);
      if (!sides.size) this.chosen.delete(id);
    }
  }

  put(id, side, entry) {
    const zone = this.known.get(id);
    const sides = this.chosen.get(id) ?? new Map();
    if (side === 'left' || side === 'right') sides.delete('midline');
    for (const one of side === 'both' ? zone?.sides ?? ['midline'] : [side]) sides.set(one, entry);
    this.chosen.set(id, sides);
  }

  // Zone → sides that an area's name means.
  meant(name) {
    if (this.names[name]) return this.names[name];
    const zone = this.known.get(name);
    return zone ? Object.fromEntries(zone.with.map((id) => [id, this.known.get(id).sides])) : {};
  }

  zonesOf(name) {
    if (this.known.has(name)) return [name];
    const meant = Object.keys(this.names[name] ?? {});
    return meant.length ? meant : [name];
  }

  has(id) { return this.chosen.has(id); }

  isFree(id) { return !this.known.has(id); }

  entry(id) { return entries(this.order).find((entry) => entry.zone === id) ?? null; }

  // left, right or both; null for a zone without sides.
  side(id) {
    const sides = this.chosen.get(id);
    if (!sides) return null;
    if (this.isFree(id)) return this.entry(id)?.side ?? 'both';
    return sides.has('left') === sides.has('right') ? 'both' : sides.has('left') ? 'left' : 'right';
  }

  toggled(id) { return this.has(id) ? this.without(id) : this.with(id); }

  with(id) {
    const entry = this.entry(id);
    if (leftOut(entry)) return [this.zonesAre(this.changed(id, { pattern: null }))];
    const brought = Object.keys(this.meant(id)).filter((other) => other !== id && !this.has(other) && !this.entry(other));
    const edits = [{ path: 'order.areas', value: [...(this.order.areas ?? []), id] }];
    if (brought.length) edits.push(this.zonesAre([...entries(this.order), ...brought.map((zone) => ({ zone, pattern: 'named' }))]));
    return edits;
  }

  without(id) {
    if (this.isFree(id)) return this.withoutPainted(id);
    let areas = this.order.areas ?? [];
    let list = entries(this.order).filter((entry) => entry.zone !== id);
    let shared = false;
    for (const name of areas) {
      const meant = Object.keys(this.meant(name));
      if (!meant.includes(id)) continue;
      if (meant.some((other) => other !== id && this.has(other))) shared = true;
      else {
        areas = areas.filter((other) => other !== name);
        const covered = new Set(areas.flatMap((other) => Object.keys(this.meant(other))));
        list = list.filter((entry) => !(leftOut(entry) && meant.includes(entry.zone) && !covered.has(entry.zone)));
      }
    }
    if (shared) list = [...list, { zone: id, pattern: 'named' }];
    const edits = [];
    if (areas !== this.order.areas && areas.length !== (this.order.areas ?? []).length) edits.push({ path: 'order.areas', value: areas });
    if (JSON.stringify(list) !== JSON.stringify(entries(this.order))) edits.push(this.zonesAre(list));
    return edits;
  }

  // The zone's own lines with some changed; null takes one away.
  set(id, changes) { return [this.zonesAre(this.changed(id, changes))]; }

  changed(id, changes) {
    const old = this.entry(id) ?? { zone: id };
    const entry = Object.fromEntries(Object.entries({ ...old, ...changes }).filter(([, value]) => value !== null));
    if (entry.side === 'both') delete entry.side;
    const covered = (this.order.areas ?? []).some((name) => id in this.meant(name));
    const says = Object.keys(entry).some((key) => !PLAIN.has(key)) || entry.side;
    const list = entries(this.order);
    const at = list.indexOf(old);
    const others = list.filter((other) => other.zone !== id);
    if (!says && covered) return others;
    if (at < 0) return [...others, entry];
    return list.flatMap((other) => (other === old ? [entry] : other.zone === id ? [] : [other]));
  }

  // A painted zone, and `under`: the atlas's zones it lies on. Their regions are treated, so they become areas; their own
  // points are left out.
  painted(entry, under) {
    const areas = [...(this.order.areas ?? [])];
    const list = [...entries(this.order)];
    for (const id of under) {
      if (areas.some((name) => id in this.meant(name))) continue;
      areas.push(id);
      for (const zone of Object.keys(this.meant(id))) if (!this.has(zone) && !list.some((one) => one.zone === zone)) list.push({ zone, pattern: 'named' });
    }
    const edits = [this.zonesAre([...list, entry])];
    if (areas.length !== (this.order.areas ?? []).length) edits.unshift({ path: 'order.areas', value: areas });
    return edits;
  }

  // Areas of which nothing is laid out go with the last painted zone.
  withoutPainted(id) {
    let list = entries(this.order).filter((entry) => entry.zone !== id);
    let areas = this.order.areas ?? [];
    if (!list.some((entry) => entry.border && this.isFree(entry.zone))) {
      const empty = areas.filter((name) => { const zones = Object.keys(this.meant(name)); return zones.length && !zones.some((zone) => this.has(zone)); });
      areas = areas.filter((name) => !empty.includes(name));
      const covered = new Set(areas.flatMap((name) => Object.keys(this.meant(name))));
      list = list.filter((entry) => !leftOut(entry) || covered.has(entry.zone));
    }
    return [...(areas.length === (this.order.areas ?? []).length ? [] : [{ path: 'order.areas', value: areas }]), this.zonesAre(list)];
  }

  zonesAre(value) { return { path: 'order.map.zones', value }; }
}
