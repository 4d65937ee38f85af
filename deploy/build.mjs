// Bundles each function into dist/<name>/index.js: the folder that is deployed and that the local cloud runs.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLE_OPTIONS } from './bundle-options.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

for (const name of ['lookup', 'sweep']) {
  const folder = join(root, 'dist', name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await build({
    ...BUNDLE_OPTIONS,
    entryPoints: [join(root, 'functions', name, 'index.ts')],
    outfile: join(folder, 'index.js'),
  });
  await writeFile(join(folder, 'package.json'), '{"type":"commonjs"}\n');
}
