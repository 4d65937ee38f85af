// Bundles the command line into dist/cli.cjs, which package.json names as its bin, and the console's page into
// dist/console, from which client/console/server.ts serves it.
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const client = dirname(fileURLToPath(import.meta.url));
const dist = join(client, '../dist');
const OPTIONS = { bundle: true, minify: true, legalComments: 'none', logLevel: 'warning' };

const cli = join(dist, 'cli.cjs');
await build({
  ...OPTIONS,
  entryPoints: [join(client, 'cli/main.ts')],
  outfile: cli,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  banner: { js: '#!/usr/bin/env node' },
  alias: { 'lz4-napi': join(client, '../shared/sls/lz4-unused.cjs') },
});
await chmod(cli, 0o755);

const page = join(client, 'console/page');
await mkdir(join(dist, 'console'), { recursive: true });
await build({
  ...OPTIONS,
  entryPoints: [join(page, 'app.ts')],
  outfile: join(dist, 'console/app.js'),
  platform: 'browser',
  target: 'es2022',
  format: 'iife',
});
for (const file of ['index.html', 'app.css']) await copyFile(join(page, file), join(dist, 'console', file));
