import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateSync } from 'node:zlib';
import { drawSessions, resultAt } from '../../../local/cloudauth/sessions.ts';
import { encodeLogGroup } from '../../../shared/sls/codec.ts';

/**
 * Both services as cheap as they can be, so that what is measured is the client's side: answers are made ahead,
 * signatures are not checked, writes are counted and forgotten. The queue holds `rows` rows, all of them due.
 */
export interface StubOptions {
  readonly rows?: number;
  readonly apiLatencyMs?: number;
  /** Calls answered at the same time; further ones wait. */
  readonly apiConcurrency?: number;
}

const GROUP_ROWS = 200;
const DRAWN = 256;

export class StubCloud {
  calls = 0;
  puts = 0;
  putBytes = 0;
  rawBytes = 0;
  slsCalls = 0;
  /** First call to CheckVerifyLog and last answer, `performance.now()`. */
  firstCallAt = 0;
  lastCallAt = 0;
  readonly #rows: number;
  readonly #latencyMs: number;
  readonly #concurrency: number;
  readonly #waiting: (() => void)[] = [];
  #serving = 0;
  readonly #answers: Buffer[];
  readonly #server = createServer((request, response) => this.#handle(request, response));
  #checkpoint = '';

  constructor({ rows = 0, apiLatencyMs = 0, apiConcurrency = Infinity }: StubOptions = {}) {
    this.#concurrency = apiConcurrency;
    this.#rows = rows;
    this.#latencyMs = apiLatencyMs;
    this.#answers = answerBodies();
    this.#server.keepAliveTimeout = 60_000;
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url = '/' } = request;
      if (url === '/') this.#answerApi(response);
      else {
        this.slsCalls += 1;
        this.rawBytes += url.includes('/shards/lb') ? Number(request.headers['x-log-bodyrawsize']) : 0;
        this.#answerSls(`${method} ${url}`, Buffer.concat(chunks), response);
      }
    });
  }

  #answerApi(response: ServerResponse): void {
    this.firstCallAt ||= performance.now();
    this.lastCallAt = performance.now();
    const body = this.#answers[this.calls % this.#answers.length];
    this.calls += 1;
    response.setHeader('content-type', 'application/json');
    if (this.#latencyMs === 0) response.end(body);
    else this.#serve(() => response.end(body));
  }

  #serve(answer: () => void): void {
    if (this.#serving >= this.#concurrency) {
      this.#waiting.push(() => this.#serve(answer));
      return;
    }
    this.#serving += 1;
    setTimeout(() => {
      this.#serving -= 1;
      this.lastCallAt = performance.now();
      answer();
      this.#waiting.shift()?.();
    }, this.#latencyMs);
  }

  #answerSls(call: string, body: Buffer, response: ServerResponse): void {
    const json = (value: unknown) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(value));
    };
    if (call.includes('/shards/lb')) {
      this.puts += 1;
      this.putBytes += body.length;
      response.end();
    } else if (call.includes('type=heartbeat')) json([0]);
    else if (call.includes('type=checkpoint')) {
      this.#checkpoint = JSON.parse(body.toString()).checkpoint;
      response.end();
    } else if (call.includes('/consumergroups/')) {
      json([{ shard: 0, checkpoint: this.#checkpoint, updateTime: 0, consumer: '' }]);
    } else if (call.endsWith('/logs')) json({ meta: { progress: 'Complete' }, data: [] });
    else if (call.endsWith('/shards')) json([{ shardID: 0, status: 'readwrite', createTime: 1 }]);
    else if (call.includes('type=cursor_time')) json({ cursor_time: Math.floor(Date.now() / 1_000) - 1_900 });
    else if (call.includes('type=cursor')) {
      json({ cursor: cursorOf(call.includes('from=begin') ? 0 : Math.ceil(this.#rows / GROUP_ROWS)) });
    } else this.#answerPull(new URL(call.slice(4), 'http://stub').searchParams, response);
  }

  #answerPull(query: URLSearchParams, response: ServerResponse): void {
    const from = numberOf(query.get('cursor'));
    const end = Math.min(Math.ceil(this.#rows / GROUP_ROWS), from + Number(query.get('count')));
    const groups: Buffer[] = [];
    for (let index = from; index < end; index += 1) groups.push(this.#group(index));
    const raw = Buffer.concat(groups);
    response.writeHead(200, {
      'x-log-cursor': cursorOf(end),
      'x-log-read-last-cursor': String(end - 1),
      'x-log-count': String(groups.length),
      'x-log-bodyrawsize': String(raw.length),
      'x-log-compresstype': 'gzip',
      'x-log-end-of-cursor': end * GROUP_ROWS >= this.#rows ? '1' : '0',
    });
    response.end(raw.length === 0 ? '' : deflateSync(raw, { level: 1 }));
  }

  #group(index: number): Buffer {
    const registeredAtMs = Date.now() - 2_000_000;
    const count = Math.min(GROUP_ROWS, this.#rows - index * GROUP_ROWS);
    const logs = Array.from({ length: count }, (_, row) => ({
      timeSeconds: Math.floor(registeredAtMs / 1_000),
      contents: [
        ['transaction_id', `hksb${String(index * GROUP_ROWS + row).padStart(28, '0')}`],
        ['merchant_biz_id', `biz${index}x${row}`],
        ['initialized_at_ms', String(registeredAtMs - 1_000)],
        ['registered_at_ms', String(registeredAtMs)],
        ['attempt', '0'],
        ['kind', 'register'],
        ['labels', '{"platform":"android","app_version":"4.2.0","country":"MY"}'],
      ] as [string, string][],
    }));
    const tags: [string, string][] = [['__receive_time__', String(Math.floor(registeredAtMs / 1_000))]];
    const group = encodeLogGroup({ logs, tags });
    const head = [0x0a];
    let rest = group.length;
    for (; rest > 127; rest >>>= 7) head.push((rest & 127) | 128);
    return Buffer.concat([Buffer.from([...head, rest]), group]);
  }
}

/** As the service sends them: drawn sessions of every kind, the official example among them. */
export function answerBodies(): Buffer[] {
  const nowMs = Date.now();
  return drawSessions({ seed: 1, count: DRAWN, nowMs, youngShare: 0 }).map((session) =>
    Buffer.from(
      JSON.stringify({
        RequestId: 'A180B706-587F-3F53-8E0A-6A6D6D6A7F2B',
        Code: 'Success',
        Message: 'success',
        Result: resultAt(session, nowMs),
      }),
    ),
  );
}

const cursorOf = (number: number) => Buffer.from(String(number)).toString('base64');
const numberOf = (cursor: string | null) => Number(Buffer.from(cursor ?? '', 'base64').toString());
