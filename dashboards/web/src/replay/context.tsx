import { createContext } from "preact";
import { useContext, useEffect, useReducer } from "preact/hooks";
import type { Replay } from "./replay";

export const ReplayContext = createContext<Replay | null>(null);

/** The page's store; the component is drawn again with each change, at most once a frame of the screen. */
export function useReplay(): Replay {
  const replay = useContext(ReplayContext);
  if (replay === null) throw new Error("a component stands outside of the replay page");
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    let frame = 0;
    const stop = replay.subscribe(() => {
      if (frame !== 0) return;
      frame = requestAnimationFrame(() => {
        frame = 0;
        draw(undefined);
      });
    });
    // What changed between the first drawing and this effect.
    draw(undefined);
    return () => {
      cancelAnimationFrame(frame);
      stop();
    };
  }, [replay]);
  return replay;
}
