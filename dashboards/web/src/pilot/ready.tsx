import type { Attention, Readinesses } from "./attention";

const NAMES: [keyof Readinesses, string][] = [
  ["sound", "Sound"],
  ["vibration", "Vibration"],
  ["awake", "Screen stays on"],
];

/** What will make the pilot look, each as it is; and what nothing of it can do. */
export function Ready({ attention }: { attention: Attention }) {
  const now = attention.now();
  const off = NAMES.some(([key]) => now[key] === "OFF");
  return (
    <section class="ready" aria-label="Alarms of this phone">
      <dl>
        {NAMES.map(([key, name]) => (
          <div key={key} data-ready={now[key]}>
            <dt>{name}</dt>
            <dd data-testid={`ready-${key}`}>{now[key]}</dd>
          </div>
        ))}
      </dl>
      <button type="button" class="button" data-testid="arm" onClick={() => void attention.arm()}>
        {off ? "Turn them on" : "Try them again"}
      </button>
      <p class="keep-open">Keep this page open: a locked phone will not alert you.</p>
    </section>
  );
}
