import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createConsoleServer } from '../../../client/console/server.ts';
import { World } from '../../support/world.ts';

/** What the console says when the services behind it fail: soon, by name, and after one more try where that may help. */
const LIMIT_MS = 1_000;
/** Less than the limits that the console has unless told otherwise: 20 s for SLS, 40 s for the lookup function. */
const SOON_MS = 15_000;
const CHART = '/api/charts/where-stage';

interface Answer {
  readonly status: number;
  readonly ms: number;
  readonly body: Record<string, unknown>;
}

describe('the console in front of services that fail', () => {
  let world: World;
  let server: Awaited<ReturnType<typeof createConsoleServer>>;
  /** Stands where the lookup function's trigger is. */
  let trigger: ReturnType<typeof createServer>;
  let heard: IncomingMessage[];
  let respond: (response: ServerResponse) => void;
  let triggerUrl: string;

  const openConsole = (timeLimitMs?: number) =>
    createConsoleServer({
      port: 0,
      sls: world.client,
      slsUrl: world.sls.url,
      lookupUrl: triggerUrl,
      lookupHeaders: { authorization: 'Bearer of-this-run' },
      ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
      pageDir: 'dist/console',
      now: Date.now,
    });

  beforeEach(async () => {
    world = await World.open();
    heard = [];
    respond = (response) => response.end('{"final":true}');
    trigger = createServer((request, response) => {
      heard.push(request);
      respond(response);
    });
    trigger.listen(0, '127.0.0.1');
    await once(trigger, 'listening');
    triggerUrl = `http://127.0.0.1:${(trigger.address() as AddressInfo).port}`;
    server = await openConsole();
  });

  /** One that does not wait long. */
  async function reopenHasty() {
    await server.close();
    server = await openConsole(LIMIT_MS);
  }

  afterEach(async () => {
    await server.close();
    await world.close();
    trigger.closeAllConnections();
    trigger.close();
  });

  async function ask(path: string, init?: RequestInit): Promise<Answer> {
    const startedAt = performance.now();
    const response = await fetch(`${server.url}${path}`, init);
    const body = (await response.json()) as Record<string, unknown>;
    return { status: response.status, ms: performance.now() - startedAt, body };
  }

  const lookUp = () => ask('/api/lookup', { method: 'POST', body: '{"transactionId":"abc"}' });

  const failSls = (rule: object) =>
    world.control(world.sls, { fail: [{ action: 'GetLogsV2', logstore: '*', ...rule }] });

  it.each([{ answer: 'reset' }, { answer: 'garbage' }, { answer: 'InternalServerError' }])(
    'asks the log store once more after %j, and not again',
    async ({ answer }) => {
      await failSls({ answer, times: 1 });
      expect((await ask(CHART)).status).toBe(200);
      await failSls({ answer, times: 2 });
      expect((await ask(CHART)).status).toBe(502);
      expect((await ask(CHART)).status).toBe(200);
    },
  );

  it('names the log store and its place when it breaks every call off', async () => {
    await failSls({ answer: 'reset' });
    const { status, body } = await ask(CHART);
    expect(status).toBe(502);
    expect(body).toMatchObject({ service: 'sls', problem: 'unreachable', at: world.sls.url });
    expect(body['error']).toContain(world.sls.url);
  });

  it('names the log store and its place when it is gone', async () => {
    const { url } = world.sls;
    await world.close();
    for (const path of [CHART, '/api/labels', '/api/transactions/abc']) {
      const { status, body } = await ask(path);
      expect(status).toBe(502);
      expect(body).toMatchObject({ service: 'sls', problem: 'unreachable', at: url });
    }
  });

  it('waits for a log store that hangs no longer than its limit', async () => {
    await reopenHasty();
    await failSls({ answer: 'hang' });
    for (const path of [CHART, '/api/labels', '/api/transactions/abc']) {
      const { status, ms, body } = await ask(path);
      expect(status).toBe(504);
      expect(body).toMatchObject({ service: 'sls', problem: 'timeout', at: world.sls.url });
      expect(ms).toBeGreaterThan(LIMIT_MS - 50);
      expect(ms).toBeLessThan(SOON_MS);
    }
  });

  it('does not repeat what the log store refuses', async () => {
    await failSls({ answer: 'Unauthorized', times: 1 });
    const { status, body } = await ask(CHART);
    expect(status).toBe(502);
    expect(body).toMatchObject({ service: 'sls', problem: 'refused' });
    expect(body['error']).toContain('Unauthorized');
  });

  it('hands the lookup function the token of this run, and nobody else', async () => {
    const { status, body } = await lookUp();
    expect(status).toBe(200);
    expect(body).toEqual({ status: 200, body: { final: true } });
    expect(heard[0]?.headers.authorization).toBe('Bearer of-this-run');
    const ledger = await ask('/api/ledger');
    expect(ledger.status).toBe(200);
    expect(heard[1]?.headers.authorization).toBe('Bearer of-this-run');
    expect(JSON.stringify([body, ledger.body])).not.toContain('of-this-run');
  });

  it('asks the lookup function once more when it breaks off', async () => {
    respond = (response) => {
      if (heard.length === 1) response.destroy();
      else response.end('{"final":true}');
    };
    expect((await lookUp()).status).toBe(200);
    expect(heard).toHaveLength(2);
  });

  it('names the lookup function and its place when it is gone', async () => {
    trigger.closeAllConnections();
    trigger.close();
    await once(trigger, 'close');
    const { status, body } = await lookUp();
    expect(status).toBe(502);
    expect(body).toMatchObject({ service: 'lookup', problem: 'unreachable', at: triggerUrl });
  });

  it.each([
    ['never begins to answer', (_: ServerResponse) => {}],
    [
      'never ends its answer',
      (response: ServerResponse) => {
        response.write('{"final":');
      },
    ],
  ])('waits for a lookup function that %s no longer than its limit', async (_, how) => {
    await reopenHasty();
    respond = how;
    const { status, ms, body } = await lookUp();
    expect(status).toBe(504);
    expect(body).toMatchObject({ service: 'lookup', problem: 'timeout', at: triggerUrl });
    expect(ms).toBeLessThan(SOON_MS);
    expect(heard).toHaveLength(1);
  });

  it('says that an answer of the lookup function cannot be read', async () => {
    respond = (response) => response.end('<html>');
    const { status, body } = await lookUp();
    expect(status).toBe(502);
    expect(body).toMatchObject({ service: 'lookup', problem: 'unreadable' });
  });
});
