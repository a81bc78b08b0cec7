// Where the regions lie: a map cut to what the system spans, each region a mark, regions of one group joined by a line with the round
// trip. Regions without coordinates stand beside the map, so that none is lost.

import type { Knowledge, RegionKnowledge } from "../../core/assess/knowledge.ts";
import type { Region, System } from "../../core/model/system.ts";
import { clean } from "../words.ts";
import { land } from "./land.ts";
import { html, type Markup } from "./markup.ts";

const widthPx = 1070;
const heightMinPx = 260;
const heightMaxPx = 460;
/** Degrees around the outermost regions, and the least that is shown, so that two near places are not a map of one valley. */
const marginDegrees = 6;
const leastDegrees = 24;
const letterPx = 6.9;

type Spot = { readonly region: Region; readonly place: RegionKnowledge; readonly x: number; readonly y: number };
type Box = { readonly west: number; readonly north: number; readonly width: number; readonly height: number };

export function regionMap(system: System, knowledge: Knowledge, lost: ReadonlySet<string>): Markup {
  const known = system.regions.flatMap((region) => {
    const place = knowledge.regionOf(region.at);
    return place?.latitude === undefined || place.longitude === undefined ? [] : [{ region, place }];
  });
  const elsewhere = system.regions.filter((region) => !known.some((one) => one.region === region));
  const beside =
    elsewhere.length === 0
      ? undefined
      : html`<p class="lead">Not on the map, for nobody has said where they lie: ${elsewhere.map((region) => `${clean(region.name)} (${clean(region.at)})`).join(", ")}.</p>`;
  if (known.length === 0) return html`${beside}`;
  const box = boxOf(known.map(({ place }) => place));
  const scale = widthPx / box.width;
  const heightPx = Math.round(box.height * scale);
  const spots = apart(
    known.map(({ region, place }): Spot => {
      const [lon, lat] = [place.longitude ?? 0, place.latitude ?? 0];
      return { region, place, x: (lon - box.west) * scale, y: (box.north - lat) * scale };
    }),
  );
  return html`<div class="scroll"><svg class="map" viewBox="0 0 ${widthPx} ${heightPx}" role="img" aria-label="map of the regions">
<clipPath id="map-edge"><rect width="${widthPx}" height="${heightPx}" rx="8"/></clipPath>
<g clip-path="url(#map-edge)"><rect class="sea" width="${widthPx}" height="${heightPx}"/>
<path class="land" transform="scale(${exact(scale / 10)}) translate(${exact(-box.west * 10)} ${exact(box.north * 10)})" d="${land}"/>
${graticule(box, scale)}
${linksOf(system, spots, knowledge)}
${spots.map((spot) => mark(spot, spots, lost.has(spot.region.name), heightPx))}</g></svg></div>${beside}`;
}

/** Two decimals: the template's own one is too coarse for a scale. */
const exact = (value: number): string => value.toFixed(4);

function boxOf(places: readonly RegionKnowledge[]): Box {
  const lons = places.map((place) => place.longitude ?? 0);
  const lats = places.map((place) => place.latitude ?? 0);
  const [west, east] = widened(Math.min(...lons), Math.max(...lons), leastDegrees * 2);
  const [south, north] = widened(Math.min(...lats), Math.max(...lats), leastDegrees / 2);
  const width = Math.min(360, east - west);
  const wanted = ((north - south) * widthPx) / width;
  const heightPx = Math.min(heightMaxPx, Math.max(heightMinPx, wanted));
  // Too tall for the page: show more to the sides instead of cutting a region off.
  const shown = wanted > heightMaxPx ? Math.min(360, ((north - south) * widthPx) / heightMaxPx) : width;
  const height = (heightPx * shown) / widthPx;
  const middle = { lon: (west + east) / 2, lat: (north + south) / 2 };
  return { west: middle.lon - shown / 2, north: Math.min(85, middle.lat + height / 2), width: shown, height };
}

function widened(low: number, high: number, least: number): readonly [number, number] {
  const margin = Math.max(marginDegrees, (least - (high - low)) / 2);
  return [low - margin, high + margin];
}

/** Regions of one city would hide one another: each further one is moved a little to the side. */
function apart(spots: readonly Spot[]): readonly Spot[] {
  const placed: Spot[] = [];
  for (const spot of spots) {
    let { x } = spot;
    while (placed.some((other) => Math.hypot(other.x - x, other.y - spot.y) < 16)) x += 16;
    placed.push({ ...spot, x });
  }
  return placed;
}

function graticule(box: Box, scale: number): readonly Markup[] {
  const lines: Markup[] = [];
  const heightPx = box.height * scale;
  for (let lon = Math.ceil(box.west / 10) * 10; lon < box.west + box.width; lon += 10) {
    const x = (lon - box.west) * scale;
    lines.push(html`<line class="grid" x1="${x}" x2="${x}" y1="0" y2="${heightPx}"/>`);
  }
  for (let lat = Math.floor(box.north / 10) * 10; lat > box.north - box.height; lat -= 10) {
    const y = (box.north - lat) * scale;
    lines.push(html`<line class="grid" x1="0" x2="${widthPx}" y1="${y}" y2="${y}"/>`);
  }
  return lines;
}

/** One line for every two regions that a group may move between. */
function linksOf(system: System, spots: readonly Spot[], knowledge: Knowledge): readonly Markup[] {
  const byName = new Map(spots.map((spot) => [spot.region.name, spot]));
  const drawn = new Set<string>();
  return system.groups.flatMap((group) =>
    group.primary.flatMap((from, index) =>
      group.primary.slice(index + 1).flatMap((to): readonly Markup[] => {
        const [a, b] = [byName.get(from), byName.get(to)];
        const key = [from, to].sort().join(" ");
        if (a === undefined || b === undefined || drawn.has(key)) return [];
        drawn.add(key);
        const trip = knowledge.roundTripOf(a.region.at, b.region.at);
        const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
        const text =
          trip === undefined ? "" : `${Math.round(trip.ms)} ms${trip.basis === "estimated" ? ", estimated" : ""}`;
        return [
          html`<line class="link" x1="${a.x}" y1="${a.y}" x2="${b.x}" y2="${b.y}"/>${
            text === "" ? undefined : html`<text class="trip" x="${x}" y="${y - 5}" text-anchor="middle">${text}</text>`
          }`,
        ];
      }),
    ),
  );
}

function mark(spot: Spot, spots: readonly Spot[], isFatal: boolean, heightPx: number): Markup {
  const { region, x, y } = spot;
  const name = clean(region.name);
  const wide = Math.max(name.length, region.at.length * 0.85) * letterPx + 14;
  // Away from the nearest other region, for that is where the line between them runs; never over the edge.
  const others = spots.filter((other) => other !== spot && !other.region.witness);
  const nearest = others.toSorted((a, b) => Math.hypot(a.x - x, a.y - y) - Math.hypot(b.x - x, b.y - y))[0];
  const left = x + wide > widthPx || (nearest !== undefined && nearest.x > x && x > wide);
  const [at, anchor] = left ? [x - 11, "end"] : [x + 11, "start"];
  const line = Math.min(heightPx - 16, Math.max(14, y));
  return html`${
    region.witness
      ? html`<path class="witness" d="M${x} ${y - 7}L${x + 7} ${y}L${x} ${y + 7}L${x - 7} ${y}Z"/>`
      : html`<circle class="serving${isFatal ? " fatal" : ""}" cx="${x}" cy="${y}" r="7"/>`
  }<text class="place" x="${at}" y="${line}" text-anchor="${anchor}">${name}${region.witness ? " (witness)" : ""}</text><text class="at" x="${at}" y="${line + 13}" text-anchor="${anchor}">${clean(region.at)}</text>`;
}
