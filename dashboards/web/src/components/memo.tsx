import { Component, type ComponentChildren, type ComponentType, h } from "preact";

/** Draws a component again only when one of its properties is another one (Preact's own memo stands in its React layer). */
export function memo<P extends object>(Inner: (props: P) => ComponentChildren): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const keys = new Set([...Object.keys(next), ...Object.keys(this.props)]) as Set<keyof P>;
      for (const key of keys) if (next[key] !== (this.props as P)[key]) return true;
      return false;
    }
    override render() {
      return h(Inner as ComponentType<P>, this.props as P);
    }
  };
}
