import { readFileSync } from 'node:fs';
import { Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import type { Session } from '../../local/cloudauth/session-types.ts';
import type { InvocationRecord } from '../../local/fc/invocation-log.ts';
import { readFlags } from '../../local/flags.ts';
import { seed } from '../../local/seed.ts';
import { freePorts } from '../support/local-cloud.ts';

/** Time in the local cloud: what comes first, what another hour changes, and how half an hour passes. */
const HOUR_MS = 3_600_000;
const COUNT = 48;
const YOUNG = 4;
type Row = Readonly<Record<string, string>>;

const ends: Array<() => Promise<unknown>> = [];
afterAll(async () => {
  for (const end of ends) await end();
});

/** As `npm start` starts it, with the sessions of this time. */
async function started(nowMs: number): Promise<{ cloud: Cloud; sessions: readonly Session[] }> {
  const flags = readFlags(['--port', '0', '--transactions', String(COUNT), '--no-console']);
  if (flags === 'help') throw new Error('no flags');
  const cloud = await startCloud({ flags, env: { QPS_LIMIT: '500' }, print: () => {} });
  ends.push(() => cloud.close());
  const { sessions } = await seed(cloud, { flags, nowMs, alreadyRegistered: 0 });
  await swept(cloud, cloud.fc.tick('sweep'));
  return { cloud, sessions };
}

async function swept(cloud: Cloud, requestId: string): Promise<InvocationRecord> {
  const run = await cloud.fc.ended(requestId);
  expect(run).toMatchObject({ outcome: 'ok', report: { ended: 'done' } });
  return run;
}

async function finalRecords(cloud: Cloud): Promise<Map<string, Row>> {
  const toSeconds = Math.ceil(Date.now() / 1000) + 2;
  const { rows } = await cloud.slsClient.query('idv-records', {
    query: 'final: true',
    fromSeconds: toSeconds - 86_400,
    toSeconds,
    line: 100,
  });
  return new Map(rows.map((row) => [row.transaction_id ?? '', row]));
}

const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

/** What the README says lets half an hour pass, and the timer after it, as curl sends them. */
function orders(): Array<{ place: number; body: string }> {
  const lines = [
    ...README.matchAll(/^curl -d '(\{"(?:age|tick)":.*\})' http:\/\/127\.0\.0\.1:900([0-3])\/_control\b/gm),
  ];
  return lines.map(([, body = '', place]) => ({ place: Number(place), body }));
}

/** Sends the orders one after the other and waits for the run that they fire. */
async function carryOut(cloud: Cloud, given: ReturnType<typeof orders>): Promise<void> {
  let requestId: string | undefined;
  for (const { place, body } of given) {
    const { url } = [cloud.fc, cloud.sls, cloud.cloudauth][place] ?? cloud.fc;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await fetch(`${url}/_control`, { method: 'POST', headers, body });
    expect([body, response.status]).toEqual([body, 200]);
    const answer = (await response.json()) as { requestId?: string };
    requestId ??= answer.requestId;
  }
  await swept(cloud, requestId ?? 'no run was fired');
}

/** The truth about sessions as their records tell it. */
const told = (sessions: readonly Session[], records: Map<string, Row>) =>
  sessions.map(({ transactionId }) => {
    const { journey, stage, cause, passed } = records.get(transactionId) ?? {};
    return { transactionId, journey, stage, cause, passed };
  });
const known = (sessions: readonly Session[]) =>
  sessions.map(({ transactionId, truth: { journey, stage, cause, passed } }) => ({
    transactionId,
    journey,
    // A session that did not start is told by the page before all others.
    stage: journey === 'not_started' ? expect.anything() : stage,
    cause,
    passed: passed === undefined ? undefined : passed ? 'Y' : 'N',
  }));
const young = (sessions: readonly Session[], nowMs: number) =>
  sessions.filter(({ initializedAtMs }) => nowMs - initializedAtMs < HOUR_MS / 2);

describe('the local cloud', () => {
  it('takes calls only when what they need is there', async () => {
    const port = await freePorts();
    const flags = readFlags(['--port', String(port), '--transactions', '0', '--no-console']);
    if (flags === 'help') throw new Error('no flags');
    const listen = jest.spyOn(Server.prototype, 'listen');
    const cloud = await startCloud({ flags, env: {}, print: () => {} });
    ends.push(() => cloud.close());
    // An instance of a function keeps the environment that it was started with.
    expect(listen.mock.calls.map(([first]) => first)).toEqual([port + 1, port + 2, port]);
    listen.mockRestore();
  });

  it('gives the same figures at another hour, and lets half an hour pass as the README says', async () => {
    const nowMs = Date.now();
    const { cloud, sessions } = await started(nowMs);
    const earlier = await started(nowMs - 7 * HOUR_MS - 123);
    const figures = async (of: Cloud) =>
      [...(await finalRecords(of))]
        .map(([id, { journey, stage, cause, passed, labels, span_ms, stay_total_ms, hidden_ms, story }]) =>
          JSON.stringify([
            id,
            journey,
            stage,
            cause,
            passed,
            labels,
            span_ms,
            stay_total_ms,
            hidden_ms,
            story,
          ]),
        )
        .sort();
    const first = await figures(cloud);
    expect(first).toHaveLength(COUNT - YOUNG);
    expect(await figures(earlier.cloud)).toEqual(first);

    const waiting = young(sessions, nowMs);
    expect(waiting).toHaveLength(YOUNG);
    await carryOut(cloud, orders());
    expect(told(waiting, await finalRecords(cloud))).toEqual(known(waiting));
  });

  it('rows that age alone end as interruptions that never were', async () => {
    const nowMs = Date.now();
    const { cloud, sessions } = await started(nowMs);
    const waiting = young(sessions, nowMs);
    const [onThePhones, ...others] = orders();
    expect(onThePhones).toEqual({ place: 2, body: expect.stringContaining('age') });
    await carryOut(cloud, others);
    const records = await finalRecords(cloud);
    expect(waiting.filter(({ transactionId }) => records.has(transactionId))).toHaveLength(YOUNG);
    expect(told(waiting, records)).not.toEqual(known(waiting));
  });
});
