// Bundles each function into dist/<name>/index.js: the folder that is deployed and that the local cloud runs.
// CommonJS, because FC's preinstalled modules are found through NODE_PATH, which ES modules ignore.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

for (const name of ['lookup', 'sweep']) {
  const folder = join(root, 'dist', name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: [join(root, 'functions', name, 'index.ts')],
    outfile: join(folder, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    legalComments: 'none',
    // Preinstalled in FC's Node.js runtime and required lazily.
    external: ['@alicloud/fc2'],
    // gateway-sls-util loads this native module at start; we never send or ask for lz4.
    alias: { 'lz4-napi': join(root, 'shared', 'sls', 'lz4-unused.cjs') },
    logLevel: 'warning',
  });
  await writeFile(join(folder, 'package.json'), '{"type":"commonjs"}\n');
}
