import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Credentials } from '../credentials.ts';
import { UpstreamContractError, UpstreamNetworkError, UpstreamTimeoutError } from '../errors.ts';

/**
 * Sends a request that the official library has signed, and reads the response.
 *
 * The library's own sender (httpx 2.3.3 under @alicloud/openapi-core 1.0.8, sources read 2026-11-23) is not
 * used: it reads error bodies without a bound, cannot be aborted, takes the connect timeout for an idle
 * timeout, and leaves a timer that holds the request for the whole read timeout after every call.
 *
 * Promises: a call ends within connect + read timeout, or at once when its signal is aborted, whatever the
 * server does; no more than `maxBytes` of a body are kept; nothing is sent twice. A connection that was idle
 * for longer than IDLE_LIMIT_MS is not used again: those of an instance that was frozen are long dead.
 */
export interface TransportOptions {
  /** For establishing a connection, TLS included. */
  readonly connectTimeoutMs: number;
  /** From the connection to the last byte of the response. */
  readonly readTimeoutMs: number;
  /** Connections at a time; further calls wait for one. */
  readonly maxSockets?: number;
}

interface OutgoingCall {
  /** For error messages: "SLS PutLogs on idv-records". */
  readonly name: string;
  readonly method: string;
  /** Path and query, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface IncomingResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Transport {
  /**
   * @throws UpstreamNetworkError, UpstreamTimeoutError, UpstreamContractError (body over the bound), or the
   * signal's reason.
   */
  send(call: OutgoingCall): Promise<IncomingResponse>;
  /** Drops idle connections. The transport stays usable. */
  close(): void;
}

/** Servers keep idle connections for at least 5 s (Node's default): below that, no closing connection is reused. */
const IDLE_LIMIT_MS = 4_000;
/** Callers bound their own concurrency; this keeps a mistake from opening thousands of connections. */
const DEFAULT_MAX_SOCKETS = 256;

export function createTransport(endpoint: Endpoint, options: TransportOptions): Transport {
  const { hostname: host, port, protocol } = endpoint;
  const send = protocol === 'http' ? httpRequest : httpsRequest;
  const newAgent = () => {
    const settings = {
      keepAlive: true,
      maxSockets: options.maxSockets ?? DEFAULT_MAX_SOCKETS,
      timeout: IDLE_LIMIT_MS,
    };
    return protocol === 'http' ? new HttpAgent(settings) : new HttpsAgent(settings);
  };
  let agent: HttpAgent | HttpsAgent | undefined;
  let inFlight = 0;
  let lastEndAtMs = 0;

  const close = () => {
    agent?.destroy();
    agent = undefined;
  };
  return {
    close,
    async send({ name, method, path, headers, body, maxBytes, signal }) {
      signal?.throwIfAborted();
      // The agent's own idle timers stand still while the instance is frozen: the wall clock does not.
      if (inFlight === 0 && Date.now() - lastEndAtMs > IDLE_LIMIT_MS) close();
      agent ??= newAgent();
      inFlight += 1;
      try {
        const request = send({ host, port, method, path, headers, agent });
        const response = readResponse(request, { ...options, name, maxBytes, signal });
        request.end(body);
        return await response;
      } finally {
        inFlight -= 1;
        lastEndAtMs = Date.now();
      }
    },
  };
}

interface ReadOptions extends TransportOptions {
  readonly name: string;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

function readResponse(request: ClientRequest, options: ReadOptions): Promise<IncomingResponse> {
  const { name, connectTimeoutMs, readTimeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = () => {
      clearTimeout(timer);
      unwatch?.();
    };
    const fail = (error: unknown) => {
      settle();
      request.destroy();
      reject(error);
    };
    const failAfter = (ms: number, what: string) => {
      clearTimeout(timer);
      timer = setTimeout(() => fail(new UpstreamTimeoutError(`${name}: ${what} within ${ms} ms`)), ms);
    };
    const unwatch = signal && onAbort(signal, () => fail(signal.reason));

    request.on('socket', (socket) => {
      const connected = () => failAfter(readTimeoutMs, 'no complete response');
      if (!socket.connecting) return connected();
      failAfter(connectTimeoutMs, 'no connection');
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', connected);
    });
    request.on('error', (error) => fail(networkError(name, error)));
    request.on('response', (response) => {
      collect(response, options, (error, body) => {
        if (body === undefined) return fail(error);
        settle();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
  });
}

function collect(
  response: IncomingMessage,
  { name, maxBytes }: ReadOptions,
  done: (error: unknown, body?: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const tooLarge = () => new UpstreamContractError(`${name}: the response is larger than ${maxBytes} bytes`);
  if (Number(response.headers['content-length']) > maxBytes) {
    done(tooLarge());
    return;
  }
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) done(tooLarge());
    else chunks.push(chunk);
  });
  response.on('end', () => done(undefined, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size)));
  response.on('error', (error) => done(networkError(name, error)));
}

function networkError(name: string, error: Error): UpstreamNetworkError {
  const code = (error as NodeJS.ErrnoException).code ?? error.name;
  return new UpstreamNetworkError(`${name}: no response (${code})`);
}

/**
 * Many calls under way share one signal. A listener for each would cost more than the rest of sending a request, and
 * removing one searches through all of them: so there is one listener per signal, with a set of calls.
 */
const watched = new WeakMap<AbortSignal, { calls: Set<() => void>; listener: () => void }>();

/** Calls back when the signal, which must not be aborted yet, is aborted. Returns a function that cancels this. */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  let entry = watched.get(signal);
  if (entry === undefined) {
    const calls = new Set<() => void>();
    entry = { calls, listener: () => [...calls].forEach((each) => void each()) };
    signal.addEventListener('abort', entry.listener, { once: true });
    watched.set(signal, entry);
  }
  const { calls, listener } = entry;
  calls.add(call);
  return () => {
    calls.delete(call);
    // The platform may keep a signal with listeners alive.
    if (calls.size > 0 || watched.get(signal)?.calls !== calls) return;
    signal.removeEventListener('abort', listener);
    watched.delete(signal);
  };
}

/** `new URL` brings every IPv4 address into this form. Loading node:net costs 5 ms of every cold start. */
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

/** The address of a service, parsed. */
export interface Endpoint {
  readonly protocol: 'http' | 'https';
  /** Host, with the port if one was given: the value of the `host` header. */
  readonly host: string;
  readonly hostname: string;
  readonly port: number;
  /** An IP address or localhost, which can have no subdomains. */
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

const MAX_MESSAGE_LENGTH = 300;
const MAX_CODE_LENGTH = 128;
/** Responses to a bad signature repeat the signed text, which holds the caller's headers. */
const SIGNED_TEXT = /\b(server )?string to sign\b.*$/is;

/** Makes a server's message fit for the log: bounded, one line, without the signed text or the caller's keys. */
export function safeMessage(raw: unknown, credentials?: Credentials): string {
  if (typeof raw !== 'string') return '';
  let text = raw.slice(0, 4 * MAX_MESSAGE_LENGTH).replace(SIGNED_TEXT, '');
  const { accessKeyId, accessKeySecret, securityToken } = credentials ?? {};
  for (const secret of [accessKeySecret, securityToken, accessKeyId]) {
    if (secret) text = text.replaceAll(secret, '***');
  }
  text = text.replace(/\s+/g, ' ').trim();
  return text.length > MAX_MESSAGE_LENGTH ? `${text.slice(0, MAX_MESSAGE_LENGTH - 1)}…` : text;
}

/** A return code or a request id as received; undefined if it is not short printable ASCII. */
export function safeToken(raw: unknown): string | undefined {
  return typeof raw === 'string' && raw !== '' && raw.length <= MAX_CODE_LENGTH && /^[\x21-\x7e]+$/.test(raw)
    ? raw
    : undefined;
}
