import { ageSeconds, at } from "../clock";
import { age, clockTime, NOT_KNOWN, WORD } from "../format";
import { counts, type Filter } from "../state";
import { usePage } from "./context";
import { Glyph } from "./glyph";
import { Unreadable } from "./unreadable";

const OLD_S = { link: 3, positions: 5, rules: 5 } as const;

interface HeaderProps {
  filter: Filter | null;
  onFilter(filter: Filter | null): void;
}

export function Header({ filter, onFilter }: HeaderProps) {
  const { state, now, zone, store } = usePage();
  const found = counts(state.aircraft.values());
  const filters = Object.keys(found) as Filter[];
  const anyoneFlies = [...state.aircraft.values()].some((one) => !one.ended);
  return (
    <header class="header">
      <h1 class="brand">wedgetail</h1>
      <div class="counts" role="group" aria-label="Filter the fleet">
        {filters.map((name) => (
          <button
            key={name}
            type="button"
            class={`count${found[name] > 0 && name !== "flying" ? " count-some" : ""}`}
            aria-pressed={filter === name}
            data-testid={`count-${name}`}
            onClick={() => onFilter(filter === name ? null : name)}
          >
            {name !== "flying" && found[name] > 0 && <Glyph mark={{ level: name, breachEdge: false }} />}
            <b>{state.known ? found[name] : NOT_KNOWN}</b> <span class="count-word">{name === "flying" ? "flying" : WORD[name].toLowerCase()}</span>
          </button>
        ))}
      </div>
      <p class="time" data-testid="time">
        <b>{clockTime(now, zone)}</b> <span>{clockTime(now, "UTC")}</span>
      </p>
      <a class="button link-button" href="./replay" target="_blank" rel="opener" data-testid="to-replay">
        Replay
      </a>
      <dl class="ages" aria-label="Ages">
        <Age name="link" seconds={now === null ? null : store.linkAge()} old={OLD_S.link} />
        <Age name="positions" seconds={ageSeconds(state.positionsAt, now)} old={anyoneFlies ? OLD_S.positions : Number.POSITIVE_INFINITY} />
        <Age name="rules" seconds={ageSeconds(state.rules?.judged_up_to, now)} old={OLD_S.rules} />
      </dl>
    </header>
  );
}

const MEANS = {
  link: "since the last message of the server",
  positions: "since the newest position or heartbeat of any aircraft on this page was received",
  rules: "behind now: up to there the rules have judged",
} as const;

function Age({ name, seconds, old }: { name: keyof typeof OLD_S; seconds: number | null; old: number }) {
  const late = seconds !== null && seconds > old;
  return (
    <div class={`age${late ? " age-old" : ""}`} title={`${age(seconds, true)} ${MEANS[name]}`}>
      <dt>{name}</dt>
      <dd data-testid={`age-${name}`} data-seconds={seconds === null ? "" : seconds.toFixed(2)}>
        {age(seconds, true)}
      </dd>
    </div>
  );
}

/** The line under the header: quiet in peace, a banner when the page or the rules cannot be trusted. */
export function StatusLine() {
  const { state, now, zone, store } = usePage();
  const rules = state.rules;
  const unreadable = store.unreadable();
  const lost = state.phase === "lost" || (state.known && store.linkAge() > OLD_S.link);
  const stopped = rules !== null && !rules.running;
  if (!lost && !stopped) {
    const title = state.hello?.operator.title ?? "";
    return (
      <p class="status" data-testid="status">
        {state.known ? title : "Waiting for the server's first picture"}
        {state.complaint !== null && <span class="problem"> The server did not take a message of this page: {state.complaint}</span>}
        {unreadable !== null && <Unreadable what={unreadable} />}
      </p>
    );
  }
  const since = at(rules?.since);
  return (
    <div class="status banner" role="alert" data-testid="banner">
      {lost && (
        <p data-testid="banner-connection">
          <b>CONNECTION LOST</b> {now === null ? "the server does not answer" : "what you see is old"}. Trying again by itself.
          {unreadable !== null && <Unreadable what={unreadable} />}
        </p>
      )}
      {stopped && (
        <p data-testid="banner-rules">
          <b>{since === null ? "RULES NOT RUNNING" : `RULES NOT RUNNING SINCE ${clockTime(since, zone)}`}</b> Nothing is judged: no
          new alert can come. Standing ones stay.
        </p>
      )}
    </div>
  );
}
