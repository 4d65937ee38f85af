import { type ChaosOptions, runChaos } from '../support/chaos.ts';
import { readChaosFlags, USAGE } from '../support/chaos-flags.ts';
import { runScript } from '../support/script.ts';

/** `npm run chaos`: exits 1 if a single transaction is lost or wrong. */
async function run(options: ChaosOptions): Promise<number> {
  const report = await runChaos({ ...options, say: (line) => process.stderr.write(`${line}\n`) });
  const { lost, wrong, differing, forgotten, ...rest } = report;
  const faults = [...Object.values(rest.cloudauthFaults), ...Object.values(rest.slsFaults)];
  const good =
    rest.registered === rest.transactions &&
    lost.length + wrong.length + differing.length + forgotten.length + rest.residual + rest.waiting === 0 &&
    Math.min(...faults) > 0;
  process.stdout.write(
    `${JSON.stringify({ ...rest, lost: lost.length, wrong: wrong.length, differing: differing.length, forgotten: forgotten.length, good }, null, 2)}\n`,
  );
  return good ? 0 : 1;
}

await runScript({ usage: USAGE, read: readChaosFlags, run });
