import { useEffect, useState } from "preact/hooks";
import type { RuleFacts, RuleLimit } from "../protocol";
import { usePage } from "./context";

/** Which value a rule judges by. */
function limitWords({ name, unit, low, high, otherwise }: RuleLimit): string {
  const own = otherwise === null ? "not checked" : `${otherwise} ${unit}`;
  return `Limit ${name}, ${low} to ${high} ${unit}: the aircraft's own, else the operator's, else ${own}.`;
}

/** What nobody checks here, in plain words and without colour: no alert says anything of it. */
export function RuleList() {
  const { store } = usePage();
  const [rules, setRules] = useState<RuleFacts[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const ask = (): void => {
    store.rules().then(
      (found) => {
        setRules(found);
        setProblem(null);
      },
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    );
  };
  useEffect(ask, [store]);
  const not = rules?.filter((rule) => !rule.checked) ?? [];
  const checked = rules?.filter((rule) => rule.checked) ?? [];
  return (
    <details class="zones rules" data-testid="rules" onToggle={() => rules === null && ask()}>
      <summary>{rules === null ? "Rules not known yet" : `${not.length} rules not checked`}</summary>
      {problem !== null && (
        <p class="problem" role="status">
          The rules could not be fetched ({problem}): open this again.
        </p>
      )}
      {[...not, ...checked].map((rule) => (
        <p class="rule" key={rule.id} data-testid={`rule-${rule.id}`}>
          <b>{rule.id}</b> {rule.checked ? "checked" : "not checked"}: {rule.says}.
          <small>
            {rule.evidence !== null && `On ${rule.evidence}. `}
            {rule.lacking !== null && `${rule.lacking[0]!.toUpperCase()}${rule.lacking.slice(1)}. `}
            {rule.limits.map(limitWords).join(" ")}
          </small>
        </p>
      ))}
    </details>
  );
}
