import { FlagError, parseFlags } from '../../local/flags.ts';
import { runScript } from '../support/script.ts';
import { bundleSize } from './bundle-size.ts';
import { coldStart } from './cold-start.ts';
import { cpuPerTransaction } from './cpu-per-transaction.ts';
import { dashboard } from './dashboard.ts';
import { type Bench, describeRow, isReached, machine } from './harness.ts';
import { lookupRead } from './lookup-read.ts';
import { memory } from './memory.ts';
import { parseEncode } from './parse-encode.ts';
import { record } from './record.bench.ts';
import { sweepScale } from './sweep-scale.ts';
import { throughput } from './throughput.ts';
import { waiting } from './waiting.ts';

const BENCHES: readonly Bench[] = [
  bundleSize,
  coldStart,
  cpuPerTransaction,
  parseEncode,
  throughput,
  waiting,
  memory,
  record,
  lookupRead,
  dashboard,
];
/** The same questions put to the local cloud another way; run when named. */
const ON_REQUEST: readonly Bench[] = [sweepScale];

const namesOf = (benches: readonly Bench[]) => benches.map(({ name }) => name).join(', ');
const USAGE = `Usage: npm run bench [-- NAME ...]

All benchmarks, or those whose name begins so: ${namesOf(BENCHES)}.
Only when named: ${namesOf(ON_REQUEST)}. Bundles must have been built.`;

function readChosen(args: readonly string[]): readonly Bench[] | 'help' {
  const { values, positionals: names } = parseFlags({
    args: [...args],
    options: { help: { type: 'boolean', short: 'h', default: false } },
    allowPositionals: true,
  });
  if (values.help) return 'help';
  if (names.length === 0) return BENCHES;
  const all = [...BENCHES, ...ON_REQUEST];
  const unknown = names.find((given) => !all.some(({ name }) => name.startsWith(given)));
  if (unknown !== undefined) throw new FlagError(`there is no benchmark "${unknown}"`);
  return all.filter(({ name }) => names.some((given) => name.startsWith(given)));
}

async function run(chosen: readonly Bench[]): Promise<number> {
  const started = performance.now();
  console.log(`${machine()}, ${new Date().toISOString()}\n`);
  let missed = 0;
  for (const bench of chosen) {
    for (const row of await bench.run()) {
      console.log(`${describeRow(row)}\n`);
      missed += isReached(row) ? 0 : 1;
    }
  }
  const seconds = Math.round((performance.now() - started) / 1_000);
  console.log(`${missed === 0 ? 'every row is reached' : `${missed} not reached`}, ${seconds} s`);
  return 0;
}

await runScript({ usage: USAGE, read: readChosen, run });
