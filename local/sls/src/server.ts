import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Control } from './control/control.ts';
import { createRandom } from './control/fault.ts';
import { QuotaMeter } from './control/quota.ts';
import { Envelope } from './envelope/envelope.ts';
import { newRequestId } from './envelope/response.ts';
import type { CallHooks, CredentialStore, LocalServer } from './host.ts';
import type { CreateQueryEngine, QueryAccess, QueryEngine } from './query/contract.ts';
import { Catalog } from './storage/catalog.ts';

export interface SlsServerOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly credentials: CredentialStore;
  /** Where rows and settings are kept; without it, in a temporary folder that is removed on close. */
  readonly dataDir?: string;
  readonly region?: string;
  readonly hooks?: CallHooks;
  /** Unix ms. */
  readonly clock?: () => number;
  /** For fault rules with a rate. */
  readonly seed?: number;
  /** Told of what went wrong inside the server; by default it goes to standard error. */
  readonly onError?: (error: unknown) => void;
  /** The query engine, if not the one in `query/engine.ts`. */
  readonly createQueryEngine?: CreateQueryEngine;
}

/**
 * Starts a local SLS on 127.0.0.1; resolves when it listens.
 * @throws Error when the port is taken, or the data folder is in use or damaged
 */
export async function createSlsServer(options: SlsServerOptions): Promise<LocalServer> {
  const clock = options.clock ?? Date.now;
  const catalog = Catalog.open(options.dataDir, clock);
  const queries = createQueryAccess(options.createQueryEngine);
  const quotas = new QuotaMeter(clock);
  const control = new Control({ catalog, quotas, random: createRandom(options.seed ?? 1) });
  const envelope = new Envelope({
    catalog,
    control,
    quotas,
    clock,
    credentials: options.credentials,
    region: options.region ?? 'ap-southeast-1',
    hooks: options.hooks ?? {},
    queries,
    onError: options.onError ?? ((error) => console.error('local SLS:', error)),
  });
  const server = http.createServer((request, response) => void envelope.handle(request, response));
  // Clients keep connections for reuse; closing them early looks to a client like a fault.
  server.keepAliveTimeout = 120_000;
  server.on('clientError', refuseUnreadable);
  try {
    await listen(server, options.port);
  } catch (error) {
    catalog.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: once(async () => {
      await closeServer(server);
      await queries.close();
      catalog.close();
    }),
  };
}

function listen(server: http.Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: http.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function once(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined;
  return () => {
    closing ??= close();
    return closing;
  };
}

/** What is no HTTP still gets a response in the service's form. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const isSlow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const body = JSON.stringify({
    errorCode: isSlow ? 'RequestTimeout' : 'BadRequest',
    errorMessage: isSlow ? 'The request did not arrive in time.' : 'The request is not valid HTTP.',
  });
  socket.end(
    [
      isSlow ? 'HTTP/1.1 500 Internal Server Error' : 'HTTP/1.1 400 Bad Request',
      `Date: ${new Date().toUTCString()}`,
      `x-log-requestid: ${newRequestId()}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

/** Wraps a way to make an engine so that it is made once, and only when it is needed. */
function createQueryAccess(create: CreateQueryEngine | undefined): QueryAccess {
  let engine: Promise<QueryEngine> | undefined;
  return {
    engine: () => {
      engine ??= create === undefined ? loadEngine() : create();
      return engine;
    },
    drop: async (project, logstore) => {
      await (await engine)?.drop(project, logstore);
    },
    close: async () => {
      await (await engine)?.close();
    },
  };
}

async function loadEngine(): Promise<QueryEngine> {
  const { createQueryEngine } = await import('./query/engine.ts');
  return createQueryEngine();
}
