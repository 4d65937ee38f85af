import type { IncomingMessage } from 'node:http';

const OWN_NAMES = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;

/**
 * Why a request that a foreign web page may have sent is refused; undefined when it is not. Listening on the loopback
 * interface keeps other machines out, but not the pages that are open in the user's own browser:
 * - Host: a page whose name was rebound to 127.0.0.1 sends its own name;
 * - Origin: names the page that asks, also with `text/plain`, which browsers send without asking first;
 * - Sec-Fetch-Site: pictures, frames and links are fetched without an Origin.
 * Programs send neither of the last two. For everything that needs no signature.
 */
export function refusalOfForeignPage(
  { headers, method }: IncomingMessage,
  { mayLink = false } = {},
): string | undefined {
  const { host = '', origin } = headers;
  if (!OWN_NAMES.test(host)) return 'ask by a loopback name: 127.0.0.1, localhost or [::1]';
  if (origin !== undefined) return origin === `http://${host}` ? undefined : FOREIGN;
  const site = headers['sec-fetch-site'] ?? 'none';
  if (site === 'same-origin' || site === 'none') return undefined;
  const isLink = method === 'GET' && headers['sec-fetch-dest'] === 'document';
  return isLink && mayLink ? undefined : FOREIGN;
}

const FOREIGN = 'another page may not ask here';
