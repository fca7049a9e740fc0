// One acknowledgement: what is sent, and what its answer means in words for the person who pressed the button.

import { at } from "./clock";
import { momentTime } from "./format";
import type { AckRequest } from "./state";

interface Answer {
  status: number;
  body: unknown;
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

function detailOf(body: unknown): string | null {
  const { detail, title } = record(body);
  for (const text of [detail, title]) if (typeof text === "string" && text !== "") return text;
  return null;
}

/** Who was first, as the problem of a 409 names it. */
function firstOf(body: unknown): { station: string; at: string } | null {
  const first = record(record(body).first);
  return typeof first.station === "string" && typeof first.at === "string" ? { station: first.station, at: first.at } : null;
}

/** null: the server accepted it. Otherwise what to tell, and whether the same request may be sent again. */
export function outcome(answer: Answer, zone: string): { problem: string; again: boolean } | null {
  const { status, body } = answer;
  if (status >= 200 && status < 300) return null;
  const detail = detailOf(body);
  if (status === 409) {
    const first = firstOf(body);
    if (first === null) return { problem: detail ?? "Not acknowledged: something else was first.", again: false };
    return { problem: `Already acknowledged by ${first.station}, ${momentTime(at(first.at), at(first.at), zone)}.`, again: false };
  }
  if (status === 503) return { problem: `Not recorded yet${detail === null ? "" : ` (${detail})`}. Press again: it counts once.`, again: true };
  if (status === 401 || status === 403) return { problem: "The token was refused. Open the printed address again.", again: false };
  if (status === 404) return { problem: "The server does not know this alert.", again: false };
  return { problem: `Not acknowledged: ${detail ?? `the server answered ${status}`}.`, again: status >= 500 };
}

type Request = Pick<AckRequest, "requestId" | "n">;
type Outcome = { problem: string; again: boolean } | null;

export function postAcknowledgement(alertId: string, request: Request, station: string, token: string, zone: string): Promise<Outcome> {
  return post(`alerts/${encodeURIComponent(alertId)}/acknowledge`, { request_id: request.requestId, n: request.n, station }, token, zone);
}

/** A pilot's word: who it is, the link says. */
export function postSaw(alertId: string, request: Request, token: string, zone: string): Promise<Outcome> {
  return post(`pilot/alerts/${encodeURIComponent(alertId)}/saw`, { request_id: request.requestId, n: request.n }, token, zone);
}

async function post(path: string, said: object, token: string, zone: string): Promise<Outcome> {
  let response: Response;
  try {
    response = await fetch(`./api/v1/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify(said),
      signal: AbortSignal.timeout(8_000),
    });
  } catch {
    return { problem: "No answer from the server. Press again: it counts once.", again: true };
  }
  const text = await response.text();
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    body = { detail: text.slice(0, 200) };
  }
  return outcome({ status: response.status, body }, zone);
}
