// Bundles the console's page into dist/console, from which client/console/server.ts serves it.
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const page = join(dirname(fileURLToPath(import.meta.url)), 'page');
const out = join(page, '../../../dist/console');

await mkdir(out, { recursive: true });
await build({
  entryPoints: [join(page, 'app.ts')],
  outfile: join(out, 'app.js'),
  bundle: true,
  platform: 'browser',
  target: 'es2022',
  format: 'iife',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
});
for (const file of ['index.html', 'app.css']) await copyFile(join(page, file), join(out, file));
