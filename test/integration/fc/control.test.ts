import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../../support/until.ts';
import { isAlive, startWorld, type World, type WorldOptions } from './support.ts';

const ends: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(options?: WorldOptions): Promise<World> {
  const world = await startWorld(options);
  ends.push(() => world.close());
  return world;
}

describe('tick', () => {
  it('fires the timer with the event of FC and answers when the run is accepted', async () => {
    const world = await start();
    const { status, body } = await world.control({ tick: 'job' });
    expect(status).toBe(200);
    const record = await world.fc.ended(String(body.requestId));
    expect(record).toMatchObject({
      function: 'job',
      type: 'Async',
      trigger: 'timer',
      outcome: 'ok',
      coldStart: true,
      report: {
        event: {
          triggerName: 'clock',
          payload: 'p',
          triggerTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        },
      },
    });
  });

  it('lets runs wait for the one instance, in order', async () => {
    const world = await start({ code: SLOW });
    const ids = [world.fc.tick('job'), world.fc.tick('job'), world.fc.tick('job')];
    expect((await world.state()).queued).toEqual({ web: 0, job: 2 });
    const records = await Promise.all(ids.map((id) => world.fc.ended(id)));
    const starts = records.map(({ startedAtMs = 0 }) => startedAtMs);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    for (const [i, { startedAtMs = 0 }] of records.entries()) {
      expect(startedAtMs).toBeGreaterThanOrEqual(records[i - 1]?.endedAtMs ?? 0);
    }
  });

  it('drops a run that waited for longer than an event may', async () => {
    const world = await start({ code: SLOW, job: { asyncInvoke: { maxAsyncEventAgeInSeconds: 0.05 } } });
    world.fc.tick('job');
    expect(await world.fc.ended(world.fc.tick('job'))).toMatchObject({ outcome: 'expired' });
  });

  it.each([
    [0, 1],
    [1, 2],
  ])('with %i asynchronous retries a failing run is tried %i times', async (retries, tries) => {
    const world = await start({
      code: 'exports.handler = async (e, c) => { throw new Error(String(c.retryCount)); };',
      job: { asyncInvoke: { maxAsyncRetryAttempts: retries } },
    });
    const requestId = world.fc.tick('job');
    await until(async () => (await world.state()).counts.job?.error === tries);
    // Long enough for one try more, which there must not be.
    await sleep(1_500);
    const { invocations } = await world.state();
    expect(invocations).toHaveLength(tries);
    expect(new Set(invocations.map((one) => one.requestId))).toEqual(new Set([requestId]));
  });
});

const SLOW = `exports.handler = async () => { await new Promise((done) => setTimeout(done, 400)); };`;

describe('kill', () => {
  it('answers when the processes are gone; the invocation counts as exited, the next one starts anew', async () => {
    const world = await start();
    const running = world.post({ sleepMs: 5_000 });
    await until(async () => (await world.state()).instances[0]?.state === 'busy');
    const [{ pid } = { pid: 0 }] = (await world.state()).instances;
    const { body } = await world.control({ kill: 'web' });
    expect(body).toEqual({ killed: 1 });
    expect(isAlive(pid)).toBe(false);
    expect((await running).status).toBe(502);
    expect((await world.report()).pid).not.toBe(pid);
  });

  it('leaves other functions alone', async () => {
    const world = await start();
    const { pid } = await world.report();
    expect((await world.control({ kill: 'job' })).body).toEqual({ killed: 0 });
    expect((await world.report()).pid).toBe(pid);
  });
});

describe('killAt', () => {
  /** A service that asks the hooks as the local services do. */
  async function service(
    world: World,
  ): Promise<{ url: string; effects: () => number; answers: () => number }> {
    let effects = 0;
    let answers = 0;
    const server: Server = createServer(async (request, response) => {
      const caller = world.credentials.find(String(request.headers['x-key']));
      if (caller === undefined) return void response.writeHead(403).end();
      const call = { service: 'sls', action: 'PutLogs', caller } as const;
      if ((await world.fc.hooks.before?.(call)) === 'drop') return void response.destroy();
      effects += 1;
      if ((await world.fc.hooks.after?.(call)) === 'drop') return void response.destroy();
      answers += 1;
      response.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, effects: () => effects, answers: () => answers };
  }

  it.each([
    { when: 'before', effects: 1, answers: 1 },
    { when: 'after', effects: 2, answers: 1 },
  ])('$when the second call: the process is dead at that very point', async ({ when, effects, answers }) => {
    const world = await start();
    const target = await service(world);
    const { pid } = await world.report();
    const order = { function: 'web', service: 'sls', call: 2, when };
    expect((await world.control({ killAt: order })).status).toBe(200);
    expect((await world.state()).killAt).toMatchObject({ ...order, callsLeft: 2 });
    expect((await world.post({ fetch: target.url })).status).toBe(200);
    expect((await world.post({ fetch: target.url })).status).toBe(502);
    expect([target.effects(), target.answers(), isAlive(pid)]).toEqual([effects, answers, false]);
    expect((await world.post({ fetch: target.url })).status).toBe(200);
  });

  it('does not count the calls of another function, and null takes the order back', async () => {
    const world = await start();
    const target = await service(world);
    await world.control({ killAt: { function: 'job', service: 'sls', call: 1, when: 'before' } });
    expect((await world.post({ fetch: target.url })).status).toBe(200);
    await world.control({ killAt: { function: 'web', service: 'sls', call: 1, when: 'before' } });
    await world.control({ killAt: null });
    expect((await world.post({ fetch: target.url })).status).toBe(200);
    expect((await world.state()).killAt).toBeNull();
  });
});

describe('reservedConcurrency', () => {
  it('caps a function, and lifts the cap', async () => {
    const world = await start({ code: SLOW });
    const busy = async () => (await world.state()).instances.filter(({ state }) => state !== 'idle').length;
    world.fc.tick('job');
    world.fc.tick('job');
    expect(await busy()).toBe(1);
    await world.control({ reservedConcurrency: { job: 2 } });
    expect(await busy()).toBe(2);
    expect((await world.state()).reservedConcurrency).toEqual({ job: 2 });
  });

  it('at zero refuses everything; null gives the account’s concurrency back', async () => {
    const world = await start();
    await world.control({ reservedConcurrency: { web: 0 } });
    expect((await world.post({})).status).toBe(429);
    await world.control({ reservedConcurrency: { web: null } });
    expect((await world.post({})).status).toBe(200);
  });
});

describe('expireCredentials', () => {
  it('ends the keys given so far; the next invocation has fresh ones', async () => {
    const world = await start();
    const keyOf = (accessKeyId: string) => world.credentials.find(accessKeyId);
    const first = (await world.report()).context.credentials.accessKeyId;
    expect(keyOf(first)?.expiresAtMs).toBeGreaterThan(Date.now());
    await world.control({ expireCredentials: 'web' });
    expect(keyOf(first)?.expiresAtMs).toBeLessThanOrEqual(Date.now());
    const second = (await world.report()).context.credentials.accessKeyId;
    expect(keyOf(second)?.expiresAtMs).toBeGreaterThan(Date.now());
  });

  it('a lifetime can be set for all keys', async () => {
    const world = await start({ credentialLifetimeMs: 1_000 });
    const { context } = await world.report();
    const left = (world.credentials.find(context.credentials.accessKeyId)?.expiresAtMs ?? 0) - Date.now();
    expect(left).toBeLessThanOrEqual(1_000);
  });
});

describe('a wrong control request', () => {
  it.each([
    [{ tock: 'job' }, /tock/],
    [{ tick: 'nope' }, /tick/],
    [{ tick: 'web' }, /web has no timer/],
    [{ kill: 1 }, /kill/],
    [{ killAt: { function: 'web', service: 'oss', call: 1, when: 'before' } }, /service/],
    [{ killAt: { function: 'web', service: 'sls', call: 0, when: 'before' } }, /call/],
    [{ killAt: { function: 'web', service: 'sls', call: 1, when: 'during' } }, /when/],
    [{ killAt: { function: 'web', service: 'sls', call: 1, when: 'after', at: 1 } }, /at/],
    [{ reservedConcurrency: { nope: 1 } }, /reservedConcurrency/],
    [{ reservedConcurrency: { web: 1.5 } }, /reservedConcurrency\.web/],
  ])('%j is a 400 that changes nothing', async (body, says) => {
    const world = await start();
    const answer = await world.control({ reservedConcurrency: { job: 3 }, ...body });
    expect([answer.status, String(answer.body.error)]).toEqual([400, expect.stringMatching(says)]);
    expect((await world.state()).reservedConcurrency).toEqual({ job: 1 });
    expect((await world.state()).invocations).toEqual([]);
  });
});

describe('the death of the local cloud', () => {
  it('takes the instances with it', async () => {
    const file = join(import.meta.dirname, 'parent.ts');
    const parent: ChildProcess = spawn(process.execPath, ['--import', 'tsx', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (parent.stdout === null) throw new Error('no output');
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await until(() => !isAlive(pid));
  });
});
