/**
 * Text that a log store takes: valid UTF-8 of bounded length. The unchanged value is in `raw`, where JSON
 * escapes what is replaced here.
 */

/** What SLS cannot store (half a surrogate pair) or what C programs cut text at (NUL). */
const UNSTORABLE = /[\p{Cs}\0]/gu;

/** In Node 20, not yet in the ES2023 typings. */
interface WellFormed {
  isWellFormed(): boolean;
}

/** The same text with each unstorable character replaced by U+FFFD. */
export function storable(text: string): string {
  const fine = (text as unknown as WellFormed).isWellFormed() && !text.includes('\0');
  return fine ? text : text.replace(UNSTORABLE, '\uFFFD');
}

/** At most `length` UTF-16 units, the last one `…` when something was cut off; never half a surrogate pair. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return storable(text);
  const cut = text.slice(0, length - 1);
  const last = cut.charCodeAt(cut.length - 1);
  const whole = last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut;
  return `${storable(whole)}…`;
}
