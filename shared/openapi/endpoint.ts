/** After `new URL` an IPv4 address has no other form. node:net's own test costs 5 ms of every cold start. */
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

/** Where a service listens, taken apart. */
export interface Endpoint {
  readonly protocol: 'http' | 'https';
  /** Host with the port, if one was given: what the `host` header carries. */
  readonly host: string;
  readonly hostname: string;
  readonly port: number;
  /** An address or localhost, below which no names of its own can be resolved. */
  readonly isAddress: boolean;
}

/**
 * Reads `host`, `host:port` or either with `http://` or `https://`; https is the default.
 *
 * @throws TypeError when it is none of these.
 */
export function parseEndpoint(endpoint: string): Endpoint {
  const url = new URL(/^https?:\/\//.test(endpoint) ? endpoint : `https://${endpoint}`);
  if (url.pathname !== '/' || url.search !== '' || url.username !== '' || url.hash !== '') {
    throw new TypeError('an endpoint is a host, with http:// or https:// or neither');
  }
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  return {
    protocol,
    host: url.host,
    hostname,
    port: url.port === '' ? (protocol === 'http' ? 80 : 443) : Number(url.port),
    isAddress: hostname === 'localhost' || hostname.includes(':') || IPV4.test(hostname),
  };
}
