import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PENDING_LOGSTORE } from '../shared/logstores/pending.ts';
import type { Cloud } from './cloud.ts';
import type { Session } from './cloudauth/session-types.ts';
import { drawSessions } from './cloudauth/sessions.ts';
import type { Flags } from './flags.ts';
import { callApi } from './ledger.ts';

/**
 * Sessions of the last day, registered as a merchant would. Those older than 30 minutes are registered first and their
 * rows moved into the past: they are due, while the younger ones must wait.
 */
interface Draw {
  readonly seed: number;
  readonly count: number;
  readonly nowMs: number;
}

const HALF_HOUR_MS = 30 * 60_000;
/** How far past the delay the older registrations are moved. */
const PAST_DUE_MS = 60_000;
/** The API takes up to 1,000 at a time. */
const BATCH = 500;

interface Seeded {
  readonly sessions: readonly Session[];
  /** Registered by this call. */
  readonly registered: number;
}

interface SeedOptions {
  readonly flags: Flags;
  readonly nowMs: number;
  /** Ids that are registered already, from an earlier start with the same data folder. */
  readonly alreadyRegistered: number;
}

/** @throws Error when a registration is refused */
export async function seed(cloud: Cloud, { flags, nowMs, alreadyRegistered }: SeedOptions): Promise<Seeded> {
  const { draw, kept } = await drawOf(cloud.dataDir, {
    seed: flags.seed,
    count: flags.transactions,
    nowMs,
  });
  const sessions = draw.count === 0 ? [] : drawSessions(draw);
  cloud.cloudauth.addSessions(sessions);
  if (kept && alreadyRegistered > 0) return { sessions, registered: 0 };

  const isOld = ({ initializedAtMs }: Session) => draw.nowMs - initializedAtMs >= HALF_HOUR_MS;
  const old = sessions.filter(isOld);
  await register(cloud, old);
  if (old.length > 0) await moveIntoThePast(cloud);
  await register(
    cloud,
    sessions.filter((session) => !isOld(session)),
  );
  return { sessions, registered: sessions.length };
}

/** A data folder remembers what was drawn: the local CheckVerifyLog then knows the same sessions again. */
async function drawOf(dataDir: string, asked: Draw): Promise<{ draw: Draw; kept: boolean }> {
  const file = join(dataDir, 'seed.json');
  try {
    return { draw: JSON.parse(await readFile(file, 'utf8')) as Draw, kept: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await writeFile(file, `${JSON.stringify(asked)}\n`);
    return { draw: asked, kept: false };
  }
}

async function register(cloud: Cloud, sessions: readonly Session[]): Promise<void> {
  for (let start = 0; start < sessions.length; start += BATCH) {
    const batch = sessions.slice(start, start + BATCH);
    const transactions = batch.map(({ transactionId, merchantBizId, initializedAtMs, labels }) => ({
      transactionId,
      merchantBizId,
      initializedAt: initializedAtMs,
      labels,
    }));
    const response = await callApi(cloud, '/v1/transactions', { status: 202, body: { transactions } }).catch(
      (error: Error) => {
        throw new Error(`the registration was refused: ${error.message}`, { cause: error });
      },
    );
    const { accepted } = JSON.parse(response) as { accepted: number };
    if (accepted !== batch.length) {
      throw new Error(`only a part of the registration was accepted: ${response.slice(0, 500)}`);
    }
  }
}

async function moveIntoThePast({ sls, config }: Cloud): Promise<void> {
  const response = await fetch(new URL('/_control', sls.url), {
    method: 'POST',
    body: JSON.stringify({ age: { logstore: PENDING_LOGSTORE, ms: config.verifyDelayMs + PAST_DUE_MS } }),
  });
  if (!response.ok)
    throw new Error(`the rows could not be moved into the past: ${response.status} ${await response.text()}`);
}
