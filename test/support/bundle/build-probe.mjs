// node build-probe.mjs OUTFILE: the probe, bundled exactly as the functions are.
import { join } from 'node:path';
import { build } from 'esbuild';
import { BUNDLE_OPTIONS } from '../../../deploy/bundle-options.mjs';

await build({
  ...BUNDLE_OPTIONS,
  entryPoints: [join(import.meta.dirname, 'probe.ts')],
  outfile: process.argv[2],
});
