/** The server says why a link is over; of a token that it never made it has nothing to say to a pilot. */
const words = (refused: string | null): string => {
  if (refused === null) return "This address lacks its token, so the page may not ask the server for anything.";
  return refused.startsWith("This pilot link") ? refused : "This pilot link does not open anything, or is over.";
};

/** Instead of the page: the link lacks its token, or is over. */
export function Over({ refused }: { refused: string | null }) {
  return (
    <main class="over" data-testid="over">
      <h1>wedgetail</h1>
      <p role="alert">
        {words(refused)}
      </p>
      <p>Ask dispatch for a link, and scan its code again.</p>
    </main>
  );
}
