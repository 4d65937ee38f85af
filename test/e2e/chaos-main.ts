import { parseArgs } from 'node:util';
import { runChaos } from '../support/chaos.ts';

/** `npm run chaos -- [--transactions 10000] [--seed 1]`: exits 1 if a single transaction is lost or wrong. */
const { values } = parseArgs({
  options: {
    transactions: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '20' },
    doubles: { type: 'string', default: '20' },
  },
});
const report = await runChaos({
  transactions: Number(values.transactions),
  seed: Number(values.seed),
  kills: Number(values.kills),
  doubles: Number(values.doubles),
  say: (line) => process.stderr.write(`${line}\n`),
});
const { lost, wrong, differing, ...rest } = report;
const faults = [...Object.values(rest.cloudauthFaults), ...Object.values(rest.slsFaults)];
const good =
  rest.registered === rest.transactions &&
  lost.length + wrong.length + differing.length + rest.residual + rest.waiting === 0 &&
  Math.min(...faults) > 0;
process.stdout.write(
  `${JSON.stringify({ ...rest, lost: lost.length, wrong: wrong.length, differing: differing.length, good }, null, 2)}\n`,
);
process.exitCode = good ? 0 : 1;
