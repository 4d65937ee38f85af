import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Bench, sampleOf } from './harness.ts';
import type { ParseEncodeFigures } from './support/parse-encode-worker.ts';

const run = promisify(execFile);
const BUILD = join(import.meta.dirname, '../support/bundle/build.mjs');

/** In a process of its own and from a bundle, as the sweep does it: what runs TypeScript here costs by itself. */
async function measure(): Promise<ParseEncodeFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'idv-bench-'));
  try {
    const outfile = join(folder, 'worker.cjs');
    const entry = join(import.meta.dirname, 'support/parse-encode-worker.ts');
    await run(process.execPath, [BUILD, entry, outfile]);
    const { stdout } = await run(process.execPath, [outfile]);
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const parseEncode: Bench = {
  name: 'parse-encode',
  async run() {
    const { own, bare, parts, answers, meanBytes } = await measure();
    const share = (micros: number) => `${micros.toFixed(0)} µs`;
    return [
      {
        name: 'parse-encode',
        what: 'per transaction: answer bytes to record and events, encoded and compressed',
        unit: 'µs CPU',
        measured: sampleOf(own),
        floor: { ...sampleOf(bare), what: 'JSON.parse and JSON.stringify of the same bytes' },
        compare: 'ratio',
        target: 20,
        note: `parse ${share(parts.parse)}, record ${share(parts.record)}, encode ${share(parts.encode)}, compress ${share(parts.compress)}; ${answers} drawn sessions of ${Math.round(meanBytes)} bytes`,
        whatItTakes: 'less work per record: see the shares in the note',
      },
    ];
  },
};
