import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CHARTS, DASHBOARDS } from '../../shared/charts/dashboards.ts';
import { TRANSACTION_ID } from '../../shared/logstores/ids.ts';
import { MAX_DAYS_KEPT, WIDEST_WINDOWS } from '../../shared/logstores/retention.ts';
import type { SlsDataPlane } from '../../shared/sls/types.ts';
import { SECOND_MS } from '../../shared/time.ts';
import {
  BadRequest,
  chartRows,
  type LabelFilter,
  type LogQueries,
  labelValues,
  type Range,
  transactionDetail,
  transactionsBehind,
} from './queries.ts';
import { asker, fetchJson, ServiceFailure } from './upstream.ts';

/**
 * The console: the dashboards' own queries drawn as charts. The page talks to this server only; this server talks
 * to SLS and to the lookup function. It listens on the loopback interface and refuses requests of other pages.
 */
export interface ConsoleOptions {
  readonly port: number;
  readonly sls: SlsDataPlane;
  /** The address of `sls`, for the message when it does not respond. */
  readonly slsUrl: string;
  /** The trigger URL of the lookup function. */
  readonly lookupUrl: string;
  /** Headers that its calls need, such as a token; never sent to the page. */
  readonly lookupHeaders: Readonly<Record<string, string>>;
  /** For one request of the page. */
  readonly timeLimitMs?: number;
  /** Holds index.html, app.js and app.css, as `npm run build` makes them. */
  readonly pageDir: string;
  readonly now: () => number;
}

const LOOPBACK = '127.0.0.1';
const MAX_BODY_BYTES = 16_384;
const DEFAULT_RANGE_SECONDS = 604_800;
/** As long as records are kept: the longest a chart can cover. A transaction is searched for in all of it. */
const MAX_RANGE_SECONDS = WIDEST_WINDOWS.recordsMs / SECOND_MS;
/** A lookup may try three times for 10 s each. */
const TIME_LIMITS_MS = { sls: 20_000, lookup: 40_000 } as const;
/** For a request of the page to arrive. */
const REQUEST_LIMIT_MS = 10_000;

const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
  '/app.css': ['app.css', 'text/css; charset=utf-8'],
};

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

const CHART_BY_ID = new Map(CHARTS.map((chart) => [chart.id, chart]));

export interface ConsoleServer {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** @throws Error with the code EADDRINUSE when the port is taken */
export async function createConsoleServer(options: ConsoleOptions): Promise<ConsoleServer> {
  const server = createServer((request, response) => {
    respond(options, request, response).catch((error: unknown) => sendError(response, error));
  });
  server.requestTimeout = REQUEST_LIMIT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, LOOPBACK, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://${LOOPBACK}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  options: ConsoleOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const address = request.url ?? '/';
  if (!URL.canParse(address, 'http://console')) throw new BadRequest('the address cannot be read');
  const url = new URL(address, 'http://console');
  const file = FILES[url.pathname];
  const refusal = refusalOf(request, { mayLink: file !== undefined });
  if (refusal !== undefined) {
    send(response, 403, { error: refusal });
    return;
  }
  if (request.method === 'GET' && file !== undefined) {
    const body = await readFile(join(options.pageDir, file[0]));
    response.writeHead(200, { ...SECURITY_HEADERS, 'content-type': file[1] }).end(body);
    return;
  }
  const result = await api(options, request, url);
  if (result === undefined) send(response, 404, { error: 'there is nothing here' });
  else send(response, 200, result);
}

const OWN_NAMES = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;
const FOREIGN = 'another page may not ask here';

/**
 * Returns why a request that a foreign web page may have sent is refused. Listening on the loopback interface keeps
 * other machines out, but not the pages open in the user's own browser. A page whose name was rebound to 127.0.0.1
 * sends that name as Host; a script's request names its page in Origin; pictures, frames and links come without an
 * Origin, but with a Sec-Fetch-Site. Programs send neither of the last two.
 */
function refusalOf({ headers, method }: IncomingMessage, { mayLink }: { mayLink: boolean }) {
  const { host = '', origin } = headers;
  if (!OWN_NAMES.test(host)) return 'use a loopback name: 127.0.0.1, localhost or [::1]';
  if (origin !== undefined) return origin === `http://${host}` ? undefined : FOREIGN;
  const site = headers['sec-fetch-site'] ?? 'none';
  if (site === 'same-origin' || site === 'none') return undefined;
  const isLink = method === 'GET' && headers['sec-fetch-dest'] === 'document';
  return isLink && mayLink ? undefined : FOREIGN;
}

async function api(options: ConsoleOptions, request: IncomingMessage, url: URL): Promise<unknown> {
  if (request.method === 'POST' && url.pathname === '/api/lookup')
    return lookup(options, await readJson(request));
  if (request.method !== 'GET') return undefined;
  if (url.pathname === '/api/dashboards') return { dashboards: DASHBOARDS };
  if (url.pathname === '/api/ledger') return forward(options, 'v1/ledger');
  return fromSls(options, url);
}

async function fromSls(options: ConsoleOptions, url: URL): Promise<unknown> {
  const range = rangeOf(url, options.now());
  const ask = askerOf(options, 'sls');
  const sls: LogQueries = {
    query: (logstore, request) => ask((signal) => options.sls.query(logstore, request, { signal })),
  };
  const [, , kind, name] = url.pathname.split('/').map(decodeURIComponent);
  if (kind === 'labels' && name === undefined) return labelValues(sls, range);
  if (kind === 'charts' && name !== undefined) {
    const chart = CHART_BY_ID.get(name);
    return chart === undefined ? undefined : chartRows(sls, chart, range, labelsOf(url));
  }
  if (kind !== 'transactions') return undefined;
  if (name !== undefined) {
    const fromSeconds = Math.floor(range.toSeconds - MAX_RANGE_SECONDS);
    return transactionDetail(sls, name, { ...range, fromSeconds });
  }
  const parameter = (name: string) => url.searchParams.get(name) ?? '';
  const within = parameter('within').split(',').filter(Boolean);
  const drill = { field: parameter('field'), value: parameter('value'), within };
  return transactionsBehind(sls, drill, range, labelsOf(url));
}

function rangeOf(url: URL, nowMs: number): Range {
  const nowSeconds = Math.ceil(nowMs / 1_000) + 60;
  const read = (name: string, otherwise: number) => {
    const text = url.searchParams.get(name);
    if (text === null) return otherwise;
    if (!/^\d{1,12}$/.test(text)) throw new BadRequest(`${name}: unix seconds`);
    return Number(text);
  };
  const toSeconds = read('to', nowSeconds);
  const fromSeconds = read('from', toSeconds - DEFAULT_RANGE_SECONDS);
  if (fromSeconds >= toSeconds) throw new BadRequest('from: has to be before to');
  if (toSeconds - fromSeconds > MAX_RANGE_SECONDS)
    throw new BadRequest(`from: at most ${MAX_DAYS_KEPT} days before to`);
  return { fromSeconds, toSeconds };
}

/** Label filters are parameters such as `label.platform=ios`. */
function labelsOf(url: URL): LabelFilter {
  const entries = [...url.searchParams].filter(([name]) => name.startsWith('label.'));
  return Object.fromEntries(entries.map(([name, value]) => [name.slice('label.'.length), value]));
}

async function lookup(options: ConsoleOptions, body: unknown): Promise<unknown> {
  const id = (body as { transactionId?: unknown } | null)?.transactionId;
  if (typeof id !== 'string' || !TRANSACTION_ID.test(id)) {
    throw new BadRequest('transactionId: 1 to 64 letters, digits, _ or -');
  }
  return forward(options, `v1/transactions/${encodeURIComponent(id)}`);
}

/** The function's own response, problem documents included, with its status. */
async function forward(options: ConsoleOptions, path: string): Promise<unknown> {
  const ask = askerOf(options, 'lookup');
  const base = options.lookupUrl.endsWith('/') ? options.lookupUrl : `${options.lookupUrl}/`;
  const target = new URL(path, base);
  return ask((signal) => fetchJson(target, { headers: options.lookupHeaders, signal }));
}

function askerOf(options: ConsoleOptions, name: 'sls' | 'lookup') {
  const url = name === 'sls' ? options.slsUrl : options.lookupUrl;
  return asker({ name, url, timeLimitMs: options.timeLimitMs ?? TIME_LIMITS_MS[name] });
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > MAX_BODY_BYTES) throw new BadRequest('the body is too large');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest('the body has to be JSON');
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { ...SECURITY_HEADERS, 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else if (error instanceof BadRequest || error instanceof URIError) {
    send(response, 400, { error: error.message });
  } else if (error instanceof ServiceFailure) {
    const { message, problem, reason, service } = error;
    const body = { error: message, problem, reason, service: service.name, at: service.url };
    send(response, problem === 'timeout' ? 504 : 502, body);
  } else send(response, 500, { error: 'the console itself failed' });
}
