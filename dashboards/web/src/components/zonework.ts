// Temporary zones: the draft on this page, its way to the server, and how a zone ends and comes back.

import { useMemo, useState } from "preact/hooks";
import { writeLine, type Place } from "../drawing/coordinates";
import { check, EMPTY_DRAFT, placed, type Checked, type Draft, type Problems } from "../drawing/draft";
import { clockTime, momentTime } from "../format";
import type { ZoneFeature } from "../protocol";
import { Refused, type Store } from "../store";

export interface Notice {
  /** Goes up, so that the same words twice are two notices. */
  count: number;
  text: string;
  action: { label: string; run(): void } | null;
}

export interface ZoneWork {
  draft: Draft | null;
  checked: Checked | null;
  /** What is shown beside the fields: all of it once it was tried to publish, the server's word among it. */
  problems: Problems;
  refusal: string | null;
  sending: boolean;
  notice: Notice | null;
  /** whose: the aircraft that it is to be for; null: all. */
  start(whose: string | null): void;
  change(part: Partial<Draft>): void;
  corner(place: Place): void;
  takeBack(): void;
  putAside(): void;
  publish(): void;
  end(zone: ZoneFeature): void;
  dismiss(): void;
}

/** What the server answers about a zone that is over. */
const ENDED = 409;

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export function useZoneWork(store: Store): ZoneWork {
  const [draft, setDraft] = useState<Draft | null>(null);
  const [tried, setTried] = useState(false);
  const [refused, setRefused] = useState<{ problems: Problems; text: string | null }>({ problems: {}, text: null });
  const [sending, setSending] = useState(false);
  const [notice, setNotice] = useState<Notice | null>(null);
  const now = store.now();
  // The time counts only for an end that passes while it is drawn: ten seconds are near enough, until it is sent.
  const lately = now === null ? null : Math.floor(now / 10_000) * 10_000;
  const checked = useMemo(() => (draft === null ? null : check(draft, lately, store.timezone)), [draft, lately, store.timezone]);

  const tell = (text: string, action: Notice["action"] = null): void => setNotice((before) => ({ count: (before?.count ?? 0) + 1, text, action }));
  const change = (part: Partial<Draft>): void => {
    setDraft((before) => (before === null ? null : { ...before, ...part }));
    setRefused({ problems: {}, text: null });
  };

  const publish = (): void => {
    if (draft === null || sending) return;
    setTried(true);
    const { feature } = check(draft, store.now(), store.timezone);
    if (feature === null) return;
    setSending(true);
    store
      .publishZone(feature)
      .then(
        (zone) => {
          setDraft(null);
          inForce(zone);
        },
        (error: unknown) => {
          const { problems, rest } = placed(error instanceof Refused ? error.errors : []);
          setRefused({ problems, text: Object.keys(problems).length > 0 ? rest.join("; ") || null : said(error) });
        },
      )
      .finally(() => setSending(false));
  };

  const inForce = (zone: ZoneFeature & { in_force: boolean }): void => {
    const until = zone.properties.valid_to === null ? "" : ` until ${momentTime(Date.parse(zone.properties.valid_to), store.now(), store.timezone)}`;
    const word = zone.in_force ? "is in force" : "is stored and not yet in force everywhere,";
    tell(`${zone.properties.name} ${word}${until}.`, { label: "End it now", run: () => end(zone) });
  };

  const end = (zone: ZoneFeature): void => {
    const { name } = zone.properties;
    tell(`Ending ${name}…`);
    store.endZone(zone.id).then(
      () => tell(`${name} has ended.`, { label: "Undo", run: () => putBack(zone) }),
      (error: unknown) => {
        if (error instanceof Refused && error.status === ENDED) tell(`${name} had ended already.`);
        else tell(`${name} has not ended: ${said(error)}.`, { label: "Try again", run: () => end(zone) });
      },
    );
  };

  /** What has ended stays so: it comes back as a zone that is the same. */
  const putBack = (zone: ZoneFeature): void => {
    tell(`Putting ${zone.properties.name} back…`);
    store.publishZone({ type: "Feature", geometry: zone.geometry, properties: zone.properties }).then(inForce, (error: unknown) =>
      tell(`${zone.properties.name} is not back: ${said(error)}.`, { label: "Try again", run: () => putBack(zone) }),
    );
  };

  return {
    draft,
    checked,
    problems: { ...(tried ? checked?.problems : early(draft, checked)), ...refused.problems },
    refusal: refused.text,
    sending,
    notice,
    start: (whose) => {
      setTried(false);
      setRefused({ problems: {}, text: null });
      setNotice(null);
      setDraft((before) => before ?? { ...EMPTY_DRAFT, name: `Temporary zone ${clockTime(store.now(), store.timezone).slice(0, 5)}`, whose, kind: whose === null ? "keep_out" : "keep_in" });
    },
    change,
    corner: (place) => {
      setDraft((before) => before && { ...before, corners: `${before.corners.trimEnd()}\n${writeLine(place)}`.trimStart() });
      setRefused({ problems: {}, text: null });
    },
    takeBack: () => change({ corners: draft?.corners.trimEnd().split("\n").slice(0, -1).join("\n") ?? "" }),
    putAside: () => {
      const kept = draft;
      setDraft(null);
      if (kept !== null) tell("The zone was not published.", { label: "Go on drawing it", run: () => (setDraft(kept), setNotice(null)) });
    },
    publish,
    end,
    dismiss: () => setNotice(null),
  };
}

/** Before anything was tried: only what is wrong with what stands there, not what is still to come. */
function early(draft: Draft | null, checked: Checked | null): Problems {
  if (draft === null || checked === null) return {};
  const begun = (field: keyof Problems): boolean =>
    field === "corners" ? checked.unreadable > 0 || checked.places.length > 2 : draft[field].trim() !== "";
  return Object.fromEntries((Object.entries(checked.problems) as [keyof Problems, string][]).filter(([field]) => begun(field)));
}
