import { aircraftName, WORD } from "../format";
import type { Alert } from "../protocol";

export interface Announcement {
  /** Goes up, so that the same words twice are two announcements. */
  count: number;
  text: string;
  urgent: boolean;
}

export function announce(alerts: readonly Alert[], count: number): Announcement {
  return {
    count,
    urgent: alerts.some((alert) => alert.level === "breach" || alert.level === "lost"),
    text: alerts
      .map((alert) => {
        const name = aircraftName({ name: alert.aircraft_name, system_id: alert.system_id });
        return `${WORD[alert.level]}: ${name}, ${alert.what}`;
      })
      .join(". "),
  };
}

/** Tells each alert once to a screen reader: breach and lost link at once, the others when it is quiet. */
export function Announcer({ said }: { said: Announcement | null }) {
  return (
    <div class="unseen">
      <div aria-live="assertive" data-testid="announce-urgent">
        {said?.urgent === true && <span key={said.count}>{said.text}</span>}
      </div>
      <div aria-live="polite" data-testid="announce">
        {said?.urgent === false && <span key={said.count}>{said.text}</span>}
      </div>
    </div>
  );
}
