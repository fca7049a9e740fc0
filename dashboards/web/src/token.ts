// The token comes once, in the fragment of the address, and is kept for this tab only.

export type TokenKey = "wedgetail.token" | "wedgetail.pilot";

/** The token of a fragment such as #token=abc, or null. */
export function tokenOf(fragment: string): string | null {
  const token = new URLSearchParams(fragment.replace(/^#/, "")).get("token");
  return token === null || token.trim() === "" ? null : token.trim();
}

/** Takes the token out of the address (it would stand in every screenshot and in the history), or gives the kept one. */
export function takeToken(key: TokenKey): string | null {
  const given = tokenOf(location.hash);
  if (given !== null) {
    sessionStorage.setItem(key, given);
    history.replaceState(null, "", location.pathname + location.search);
    return given;
  }
  return sessionStorage.getItem(key);
}
