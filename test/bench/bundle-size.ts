import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Bench, sampleOf } from './harness.ts';

const root = join(import.meta.dirname, '../..');

export const bundleSize: Bench = {
  name: 'bundle-size',
  async run() {
    return ['lookup', 'sweep'].map((name) => {
      const file = join(root, 'dist', name, 'index.js');
      const packed = gzipSync(readFileSync(file)).length;
      return {
        name: `bundle-size ${name}`,
        what: 'the minified bundle that is deployed',
        unit: 'kB',
        measured: sampleOf([statSync(file).size / 1_000]),
        compare: 'value',
        target: 1_000,
        note: `${Math.round(packed / 1_000)} kB packed`,
        whatItTakes:
          'look with esbuild --metafile for what came in, and leave it out in deploy/bundle-options.mjs',
      };
    });
  },
};
