import { parseFlags, whole } from '../../local/flags.ts';
import type { ChaosOptions } from './chaos.ts';

export const USAGE = `Usage: npm run chaos -- [options]

The sweep amid failures of every kind, drawn from a seed. Ends with 1 if a single transaction is lost or wrong, or a
kind of failure did not come up.

  --transactions N   how many (10000)
  --seed N           which failures, and when (1)
  --kills N          how often the process is killed (20)
  --doubles N        how often two timers fire at once (20)
  --shards N         of the queue; more than one are split and merged under way (1)
  --run-seconds N    how long a run may take, its margin of 4 s included (12)
  --help             this text`;

/** @throws FlagError */
export function readChaosFlags(args: readonly string[]): Omit<ChaosOptions, 'say'> | 'help' {
  const { values } = parseFlags({
    args: [...args],
    options: {
      transactions: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      kills: { type: 'string', default: '20' },
      doubles: { type: 'string', default: '20' },
      shards: { type: 'string', default: '1' },
      'run-seconds': { type: 'string', default: '12' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    transactions: whole('--transactions', values.transactions, { min: 1, max: 1_000_000 }),
    seed: whole('--seed', values.seed, { min: 0, max: 2 ** 32 - 1 }),
    kills: whole('--kills', values.kills, { min: 0, max: 1_000 }),
    doubles: whole('--doubles', values.doubles, { min: 0, max: 1_000 }),
    runSeconds: whole('--run-seconds', values['run-seconds'], { min: 6, max: 600 }),
    shards: whole('--shards', values.shards, { min: 1, max: 8 }),
  };
}
