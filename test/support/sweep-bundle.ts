import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');
/** By address, since it is plain JavaScript without types of its own. */
const { BUNDLE_OPTIONS } = (await import(pathToFileURL(join(root, 'deploy/bundle-options.mjs')).href)) as {
  BUNDLE_OPTIONS: BuildOptions;
};

/** A change to the text of one source file, for a build that lacks a guard on purpose. */
export interface Sabotage {
  /** From the project's root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Bundles the sweep as it is deployed, or sabotaged, into a folder of its own. */
export async function bundleSweep(sabotage: readonly Sabotage[] = []): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'idv-sweep-'));
  const done = new Set<Sabotage>();
  await mkdir(folder, { recursive: true });
  await build({
    ...BUNDLE_OPTIONS,
    entryPoints: [join(root, 'functions/sweep/index.ts')],
    outfile: join(folder, 'index.js'),
    plugins: [
      {
        name: 'sabotage',
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            const wanted = sabotage.filter(({ file }) => path === join(root, file));
            if (wanted.length === 0) return undefined;
            let contents = await readFile(path, 'utf8');
            for (const change of wanted) {
              if (contents.split(change.find).length !== 2) {
                throw new Error(`${change.file} does not hold exactly once: ${change.find}`);
              }
              contents = contents.replace(change.find, change.replace);
              done.add(change);
            }
            return { contents, loader: 'ts' };
          });
        },
      },
    ],
  });
  await writeFile(join(folder, 'package.json'), '{"type":"commonjs"}\n');
  if (done.size !== sabotage.length) throw new Error('a sabotaged file is not in the bundle');
  return folder;
}

export async function removeBundle(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
