// The page's one store: what is shown (the address), the clock, and what the door told. Components read it and call its verbs.

import { boxQuery, widened } from "../map/features";
import { NOWHERE, readAddress, writeAddress, type Address, type Range, type Speed } from "./address";
import { ReplayClock } from "./clock";
import { silences } from "./moment";
import { cut, groups } from "./pieces";
import type { Flown, Gap, Recorded, ReplayAlert, ZoneThen } from "./record";
import { Refused, Requests } from "./requests";
import { boxAround, joined, thinned, type Source, type Track } from "./tracks";
import { whoIs } from "./who";

/** Rows of all aircraft together: above that they come thinned, and whole only around the cursor. Charts show no more. */
const ROWS = 200_000;
const EVERY_ROW = 1_000_000;
/** Whole samples are asked for from so long before the cursor to so long after it. */
const WHOLE_MS: Range = [-90_000, 210_000];
/** And again when the cursor is nearer to their end than this: trails are a minute long. */
const MARGIN_MS: Range = [60_000, 30_000];

export class Replay {
  address: Address = NOWHERE;
  clock = new ReplayClock([0, 1], 0, 1);
  /** Who may be chosen: who has samples; null: not known yet. */
  choices: Flown[] | null = null;
  recorded: Recorded | null = null;
  tracks: ReadonlyMap<string, Track> = new Map();
  sources: Source[] = [];
  zones: ZoneThen[] | null = null;
  /** Requests for samples: how many are answered, of how many. */
  progress: [done: number, all: number] = [0, 0];
  /** Where samples are thinned: those around the cursor, every one. */
  whole: { range: Range; tracks: ReadonlyMap<string, Track> } | null = null;
  problem: string | null = null;
  refusal: string | null = null;
  readonly requests: Requests;
  private readonly listeners = new Set<() => void>();
  private loading = 0;
  private missing: { recorded: Recorded | null; tracks: ReadonlyMap<string, Track>; gaps: readonly Gap[] } | null = null;
  private asking: Range | null = null;
  private frame = 0;
  private later = 0;

  constructor(token: string) {
    this.requests = new Requests(token);
  }

  start(): void {
    window.addEventListener("popstate", this.opened);
    this.opened();
    this.findChoices();
  }

  /** Who may be chosen: asked for again when somebody new is recorded. */
  findChoices(): void {
    void this.told(async () => {
      this.choices = await this.requests.aircraft(null);
    });
  }

  stop(): void {
    window.removeEventListener("popstate", this.opened);
    this.requests.stop();
    cancelAnimationFrame(this.frame);
    window.clearTimeout(this.later);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The cursor now, milliseconds since 1970. */
  get now(): number {
    return this.clock.at(performance.now());
  }

  get timezone(): string {
    return this.recorded?.timezone ?? "UTC";
  }

  /** What of the range the charts show. */
  get shown(): Range {
    return this.address.shown ?? this.address.range ?? [0, 1];
  }

  /** The samples of an aircraft around a moment. */
  trackAt(id: string, ms: number): Track | undefined {
    return this.tracksIn([ms, ms]).get(id) ?? this.tracks.get(id);
  }

  /** The samples of a part of the range: every one where all of it is around the cursor. */
  tracksIn([from, to]: Range): ReadonlyMap<string, Track> {
    const { whole, tracks } = this;
    return whole !== null && whole.tracks.size > 0 && whole.range[0] <= from && to <= whole.range[1] ? whole.tracks : tracks;
  }

  /** What was told to be missing, and where else nothing was heard; kept until there is more to know. */
  get gaps(): readonly Gap[] {
    const { recorded, tracks } = this;
    if (this.missing?.tracks !== tracks || this.missing.recorded !== recorded) {
      const told = recorded?.gaps ?? [];
      const silent = (recorded?.aircraft ?? []).flatMap((one) => {
        const track = tracks.get(one.id);
        return track === undefined ? [] : silences(track, one, told);
      });
      const gaps = [...told, ...silent].sort((a, b) => Date.parse(a.from) - Date.parse(b.from));
      this.missing = { recorded, tracks, gaps };
    }
    return this.missing.gaps;
  }

  /** Whoever has no sample in the range is known from the list of all. */
  nameOf(id: string): string {
    const flown = this.recorded?.aircraft ?? [];
    return whoIs(flown.some((one) => one.id === id) ? flown : (this.choices ?? []), id);
  }

  alertsOf(id: string): readonly ReplayAlert[] {
    return this.recorded?.alerts.filter((one) => one.alert.aircraft_id === id) ?? [];
  }

  get isThinned(): boolean {
    return [...this.tracks.values()].some(thinned);
  }

  /** Other aircraft or another range: what is there is loaded again. */
  open(aircraft: readonly string[], range: Range): void {
    const selected = aircraft.find((id) => id === this.address.selected) ?? aircraft[0] ?? null;
    const { speed, height } = this.address;
    history.pushState(null, "", writeAddress({ ...NOWHERE, aircraft, range, selected, speed, height }) || location.pathname);
    this.opened();
  }

  change(change: Partial<Pick<Address, "selected" | "height" | "shown" | "map">>): void {
    this.address = { ...this.address, ...change };
    this.said();
  }

  play(): void {
    this.clock.play(performance.now());
    this.said();
    this.tick();
  }

  pause(): void {
    this.clock.pause(performance.now());
    this.said();
  }

  seek(ms: number): void {
    this.clock.seek(ms, performance.now());
    this.follow();
    this.said();
  }

  setSpeed(speed: Speed): void {
    this.clock.setSpeed(speed, performance.now());
    this.address = { ...this.address, speed };
    this.said();
  }

  private readonly opened = (): void => {
    this.address = readAddress(location.search);
    const { aircraft, selected } = this.address;
    this.address = { ...this.address, selected: selected ?? aircraft[0] ?? null };
    const range = this.address.range;
    this.clock = new ReplayClock(range ?? [0, 1], this.address.at ?? range?.[0] ?? 0, this.address.speed);
    [this.recorded, this.zones, this.whole, this.problem] = [null, null, null, null];
    this.tracks = new Map();
    this.changed();
    if (range !== null && this.address.aircraft.length > 0) void this.load(this.address.aircraft, range);
  };

  private async load(aircraft: readonly string[], range: Range): Promise<void> {
    const loading = ++this.loading;
    const current = (): boolean => loading === this.loading;
    const pieces = cut(aircraft, range);
    const points = Math.max(1_000, Math.floor((ROWS / aircraft.length / pieces.length) * groups(aircraft).length));
    this.progress = [0, pieces.length];
    const recorded = this.told(async () => {
      const found = await this.requests.recorded(aircraft, range);
      if (current()) this.recorded = found;
    });
    await this.told(async () => {
      for (const [ids, part] of pieces) {
        const { tracks, sources } = await this.requests.tracks(ids, part, points);
        if (!current()) return;
        this.sources = sources;
        const held = new Map(this.tracks);
        for (const track of tracks) {
          const before = held.get(track.id);
          held.set(track.id, before === undefined ? track : joined(before, track));
        }
        this.tracks = held;
        this.progress = [this.progress[0] + 1, pieces.length];
        this.changed();
      }
    });
    await recorded;
    const box = boxAround(this.tracks.values());
    if (box === null || !current()) return;
    await this.told(async () => {
      const found = await this.requests.zones(aircraft, range, boxQuery(widened(box)));
      if (current()) this.zones = found;
    });
    this.look();
  }

  /** Where samples are thinned, fetches all of those around the cursor. */
  private look(): void {
    const { aircraft, range } = this.address;
    if (range === null || this.asking !== null || !this.isThinned) return;
    const now = this.now;
    const held = this.whole?.range;
    const enough = (edge: number, margin: number, at: number): boolean => Math.abs(edge - at) >= margin;
    if (
      held !== undefined && held[0] <= now && now <= held[1] &&
      (enough(held[0], MARGIN_MS[0], now) || held[0] <= range[0]) && (enough(held[1], MARGIN_MS[1], now) || held[1] >= range[1])
    ) return;
    const wanted: Range = [Math.max(range[0], now + WHOLE_MS[0]), Math.min(range[1], now + WHOLE_MS[1])];
    const loading = this.loading;
    this.asking = wanted;
    // Where this cannot be answered it is not asked for again with each frame.
    this.whole = { range: wanted, tracks: new Map() };
    void this.told(async () => {
      const found = new Map<string, Track>();
      try {
        for (const ids of groups(aircraft)) {
          for (const track of (await this.requests.tracks(ids, wanted, EVERY_ROW)).tracks) found.set(track.id, track);
        }
      } finally {
        this.asking = null;
      }
      if (loading === this.loading) this.whole = { range: wanted, tracks: found };
    });
  }

  private async told(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      if (error instanceof Refused) this.refusal = error.message;
      else this.problem = error instanceof Error ? error.message : String(error);
    }
    this.changed();
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }

  /** A change that belongs into the address: written at most twice a second, browsers refuse more. */
  private said(): void {
    this.changed();
    this.look();
    if (this.later !== 0) return;
    this.later = window.setTimeout(() => {
      this.later = 0;
      if (this.address.range === null) return;
      const at = Math.round(this.now);
      this.address = { ...this.address, at };
      history.replaceState(null, "", writeAddress(this.address));
    }, 500);
  }

  private tick = (): void => {
    cancelAnimationFrame(this.frame);
    if (!this.clock.playing) return;
    this.frame = requestAnimationFrame(() => {
      this.follow();
      this.said();
      this.tick();
    });
  };

  /** A zoomed chart goes along with the cursor. */
  private follow(): void {
    const { shown, range } = this.address;
    if (shown === null || range === null) return;
    const now = this.now;
    if (shown[0] <= now && now <= shown[1]) return;
    const width = shown[1] - shown[0];
    const from = Math.min(Math.max(now - width * 0.1, range[0]), Math.max(range[0], range[1] - width));
    this.address = { ...this.address, shown: [from, from + width] };
  }
}
