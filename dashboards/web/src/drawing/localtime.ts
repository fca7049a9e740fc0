// Times as a person types them, in the centre's zone, whatever zone the tablet is set to.

function partsOf(ms: number, zone: string): Record<string, string> {
  const options = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
  return Object.fromEntries(new Intl.DateTimeFormat("en-AU", { ...options, timeZone: known(zone) }).formatToParts(ms).map((part) => [part.type, part.value]));
}

function known(zone: string): string {
  try {
    return new Intl.DateTimeFormat("en-AU", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return "UTC"; // as every time of the page then has it
  }
}

/** 2026-11-24T00:05, as a field for date and time has it. */
export function localText(ms: number, zone: string): string {
  const { year, month, day, hour, minute } = partsOf(ms, zone);
  return `${year}-${month}-${day}T${hour}:${minute}`;
}

/** Milliseconds since 1970 of such a text in a zone; null for what is no time. Of an hour that comes twice the first. */
export function localMs(text: string, zone: string): number | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(text);
  if (found === null) return null;
  const [year, month, day, hour, minute] = found.slice(1).map(Number) as [number, number, number, number, number];
  const wall = Date.UTC(year, month - 1, day, hour, minute);
  const offset = (ms: number): number => {
    const parts = partsOf(ms, zone);
    const [y, mo, d, h, mi, s] = ["year", "month", "day", "hour", "minute", "second"].map((name) => Number(parts[name])) as [number, number, number, number, number, number];
    return Date.UTC(y, mo - 1, d, h, mi, s) - Math.floor(ms / 1000) * 1000;
  };
  const guesses = [wall - offset(wall - 86_400_000), wall - offset(wall + 86_400_000)];
  return guesses.find((ms) => localText(ms, zone) === text.slice(0, 16)) ?? Math.max(...guesses);
}
