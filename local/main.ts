import { ConfigError } from '../shared/errors.ts';
import { type Cloud, startCloud } from './cloud.ts';
import { FlagError, type Flags, readFlags, USAGE } from './flags.ts';
import { askLedger, finalOf } from './ledger.ts';
import { Progress } from './progress.ts';
import { seed } from './seed.ts';
import { addressesOf, summaryOf } from './summary.ts';
import { control, sweepUntilDone } from './sweep-run.ts';

/** `npm start`: the main job from end to end against a local cloud. The last line of `--once` is JSON. */
const startedAt = performance.now();
const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Everything up to the first finished sweep; the exit code of `--once`. */
async function runJob(cloud: Cloud, flags: Flags): Promise<number> {
  // Only a data folder can hold something from before.
  const here = flags.data === undefined ? 0 : (await askLedger(cloud)).registered;
  const seeded = await seed(cloud, { flags, nowMs: Date.now(), alreadyRegistered: here });
  say(`${seeded.registered} transactions registered${here > 0 ? `, ${here} here from before` : ''}`);
  const swept = await sweepUntilDone(cloud, new Progress(process.stdout));
  const ledger = await askLedger(cloud);
  for (const line of await summaryOf(cloud, ledger)) say(line);
  if (swept.ended !== 'done') say(`the sweep ended: ${swept.ended}`);
  if (!flags.once) {
    const left = seeded.sessions.find(({ truth }) => truth.journey === 'interrupted' && !truth.official);
    for (const line of addressesOf(cloud, left?.transactionId)) say(line);
    return 0;
  }
  const { calls, peakQps } = await control<{ calls: number; peakQps: number }>(cloud.cloudauth.url);
  const final = finalOf(ledger);
  await cloud.close();
  say(
    JSON.stringify({
      registered: ledger.registered,
      due: swept.due,
      final,
      waiting: ledger.waiting,
      residual: ledger.residual,
      calls,
      peakQps,
      durationMs: Math.round(performance.now() - startedAt),
    }),
  );
  const exact = ledger.complete && ledger.residual === 0 && final === swept.due;
  return exact && swept.ended === 'done' ? 0 : 1;
}

/** Resolves with the exit code. */
async function main(): Promise<number> {
  const flags = readFlags(process.argv.slice(2));
  if (flags === 'help') {
    say(USAGE);
    return 0;
  }
  const stopped = new Promise<'stopped'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('stopped'));
  });
  const cloud = await startCloud({ flags, env: process.env, say });
  try {
    const code = await Promise.race([runJob(cloud, flags), stopped]);
    if (code === 'stopped') return 130;
    if (flags.once) return code;
    say('Ctrl-C stops it.');
    await stopped;
    return 0;
  } finally {
    await cloud.close();
  }
}

function explain(error: unknown): string {
  if (error instanceof ConfigError) {
    return error.issues.map(({ path, message }) => `${path} ${message}`).join('\n');
  }
  if (error instanceof FlagError) return `${error.message}\n\n${USAGE}`;
  return error instanceof Error ? error.message : String(error);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(error instanceof FlagError || error instanceof ConfigError ? 2 : 1);
  },
);
