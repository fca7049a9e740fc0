import { useEffect, useRef } from "preact/hooks";
import { usePage } from "./context";

/** What was done just now, and how to undo it: in the place of a question before it. */
export function NoticeBar() {
  const { zones } = usePage();
  const bar = useRef<HTMLDivElement>(null);
  const { notice } = zones;
  // Whoever did it by keyboard finds the way back under the next key, unless the focus is somewhere else by now.
  useEffect(() => {
    if (notice?.action != null && document.activeElement === document.body) bar.current?.querySelector("button")?.focus();
  }, [notice?.count]);
  return (
    <div class="notice-bar" ref={bar} role="status" data-testid="notice">
      {notice !== null && (
        <>
          <b>{notice.text}</b>
          {notice.action !== null && (
            <button type="button" class="button" data-testid="notice-action" onClick={notice.action.run}>
              {notice.action.label}
            </button>
          )}
          <button type="button" class="plain" data-testid="notice-close" onClick={zones.dismiss}>
            Close
          </button>
        </>
      )}
    </div>
  );
}
