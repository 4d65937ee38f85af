// Bundles the command line into dist/cli.cjs, which package.json names as its bin.
import { chmod } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = dirname(fileURLToPath(import.meta.url));
const root = join(folder, '../..');
const outfile = join(root, 'dist', 'cli.cjs');

await build({
  entryPoints: [join(folder, 'main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  banner: { js: '#!/usr/bin/env node' },
  alias: { 'lz4-napi': join(root, 'shared', 'sls', 'lz4-unused.cjs') },
  logLevel: 'warning',
});
await chmod(outfile, 0o755);
