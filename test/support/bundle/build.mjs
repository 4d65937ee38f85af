// node build.mjs ENTRY OUTFILE: a program bundled exactly as the functions are.
import { build } from 'esbuild';
import { BUNDLE_OPTIONS } from '../../../deploy/bundle-options.mjs';

const [, , entry, outfile] = process.argv;
await build({ ...BUNDLE_OPTIONS, entryPoints: [entry], outfile });
