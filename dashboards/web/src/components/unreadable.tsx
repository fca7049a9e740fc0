/** Why the page gave a connection up, or had to. */
export function Unreadable({ what }: { what: string }) {
  return (
    <span class="problem" data-testid="unreadable">
      {" "}
      The server sent what this page cannot read ({what}).
    </span>
  );
}
