/** Instead of the page: the server was changed meanwhile, and this page would misread what it says. */
export function Outdated() {
  return (
    <main class="gate" data-testid="outdated">
      <h1>wedgetail</h1>
      <p role="alert">
        <b>RELOAD</b> The server speaks another version than this page, so the page has stopped: nothing here is live.
      </p>
      <p>
        <button type="button" class="button" onClick={() => location.reload()}>
          Reload
        </button>
      </p>
    </main>
  );
}

/** Instead of the page: there is no token, or the server refused it. */
export function Gate({ refused }: { refused: string | null }) {
  return (
    <main class="gate" data-testid="gate">
      <h1>wedgetail</h1>
      {refused === null ? (
        <p>This address lacks its token, so the page may not ask the server for anything.</p>
      ) : (
        <p role="alert">The server refused the token{refused === "" ? "" : ` (${refused})`}. It may have been made anew since.</p>
      )}
      <p>
        Open the whole address that <code>make demo</code> or <code>wedgetail up</code> printed when it became ready. It ends in{" "}
        <code>#token=…</code>
      </p>
    </main>
  );
}
