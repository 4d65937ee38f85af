import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { UpstreamContractError, UpstreamNetworkError, UpstreamTimeoutError } from '../errors.ts';
import { onAbort } from './abort.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * Sends a request that the official library has signed, and reads the answer.
 *
 * The library's own sender (httpx 2.3.3 under @alicloud/openapi-core 1.0.8, sources read 2026-11-23) is not
 * used: it reads error bodies without a bound, cannot be aborted, takes the connect timeout for an idle
 * timeout, and leaves a timer that holds the request for the whole read timeout after every call.
 *
 * Promises: a call ends within connect + read timeout, or at once when its signal is aborted, whatever the
 * server does; no more than `maxBytes` of a body are kept; nothing is sent twice. A connection that was idle
 * for longer than IDLE_LIMIT_MS is not used again: a frozen instance thaws with connections that are long dead.
 */
export interface TransportOptions {
  /** From the wish to connect to the connection, TLS included. */
  readonly connectTimeoutMs: number;
  /** From the connection to the last byte of the answer. */
  readonly readTimeoutMs: number;
  /** Connections at a time; further calls wait for one. */
  readonly maxSockets?: number;
}

export interface OutgoingCall {
  readonly method: string;
  /** Path and query, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface IncomingAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Transport {
  /**
   * @throws UpstreamNetworkError, UpstreamTimeoutError, UpstreamContractError (body over the bound), or the
   * signal's reason.
   */
  send(call: OutgoingCall): Promise<IncomingAnswer>;
  /** Drops idle connections. The transport stays usable. */
  close(): void;
}

/** Servers keep idle connections for 5 s (Node's default) and more; below that a reuse cannot hit a closing one. */
const IDLE_LIMIT_MS = 4_000;
/** Callers bound their own concurrency; this only keeps a mistake of theirs from opening thousands. */
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
    async send({ method, path, headers, body, maxBytes, signal }) {
      signal?.throwIfAborted();
      // The agent's own idle timers stand still while the instance is frozen: the wall clock does not.
      if (inFlight === 0 && Date.now() - lastEndAtMs > IDLE_LIMIT_MS) close();
      agent ??= newAgent();
      inFlight += 1;
      try {
        const request = send({ host, port, method, path, headers, agent });
        const answer = readAnswer(request, { ...options, maxBytes, signal });
        request.end(body);
        return await answer;
      } finally {
        inFlight -= 1;
        lastEndAtMs = Date.now();
      }
    },
  };
}

interface ReadOptions extends TransportOptions {
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

function readAnswer(request: ClientRequest, options: ReadOptions): Promise<IncomingAnswer> {
  const { connectTimeoutMs, readTimeoutMs, maxBytes, signal } = options;
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
      timer = setTimeout(() => fail(new UpstreamTimeoutError(`${what} within ${ms} ms`)), ms);
    };
    const unwatch = signal && onAbort(signal, () => fail(signal.reason));

    request.on('socket', (socket) => {
      const connected = () => failAfter(readTimeoutMs, 'no complete answer');
      if (!socket.connecting) return connected();
      failAfter(connectTimeoutMs, 'no connection');
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', connected);
    });
    request.on('error', (error) => fail(networkError(error)));
    request.on('response', (response) => {
      collect(response, maxBytes, (error, body) => {
        if (body === undefined) return fail(error);
        settle();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
  });
}

function collect(
  response: IncomingMessage,
  maxBytes: number,
  done: (error: unknown, body?: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const tooLarge = () => new UpstreamContractError(`the answer is larger than ${maxBytes} bytes`);
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
  response.on('error', (error) => done(networkError(error)));
}

function networkError(error: Error): UpstreamNetworkError {
  const code = (error as NodeJS.ErrnoException).code ?? error.name;
  return new UpstreamNetworkError(`no answer: ${code}`, { details: { code } });
}
