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

/** `npm run bench [-- NAME ...]`: all of them, or those whose name begins so. Bundles must have been built. */
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

async function main(names: readonly string[]): Promise<void> {
  const all = [...BENCHES, ...ON_REQUEST];
  const chosen =
    names.length === 0 ? BENCHES : all.filter(({ name }) => names.some((given) => name.startsWith(given)));
  if (chosen.length === 0) throw new Error(`there are ${all.map(({ name }) => name).join(', ')}`);
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
}

await main(process.argv.slice(2));
