// How a function is bundled. CommonJS, because FC's preinstalled modules are found through NODE_PATH, which ES
// modules ignore.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// What `@alicloud/openapi-core` and `@alicloud/gateway-sls` pull in besides signing, encoding and hashing, the only
// parts that we call. Without these a bundle is 520 kB smaller and starts in two thirds of the CPU time.
// test/integration/bundle.test.ts makes every call of both clients from a bundle.
const NEVER_REACHED = [
  '@alicloud/credentials',
  'httpx',
  'http-proxy-agent',
  'https-proxy-agent',
  'kitx',
  'lodash',
  'long',
  'moment',
  'socks-proxy-agent',
  'ws',
  'xml2js',
];

/** Parts of @darabonba/typescript, of which the core uses the form encoding and the base class of models. */
const NEVER_REACHED_PARTS = ['date', 'file', 'stream', 'url', 'websocket', 'xml'];

const unused = join(root, 'deploy', 'unused.cjs');

/** @type {import('esbuild').Plugin} */
const leaveOutParts = {
  name: 'leave-out-parts',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^\\./(${NEVER_REACHED_PARTS.join('|')})$`) }, ({ importer }) =>
      /@darabonba[\\/]typescript[\\/]dist[\\/]index\.js$/.test(importer) ? { path: unused } : undefined,
    );
  },
};

/** @type {import('esbuild').BuildOptions} */
export const BUNDLE_OPTIONS = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  // Preinstalled in FC's Node.js runtime and required lazily.
  external: ['@alicloud/fc2'],
  alias: {
    ...Object.fromEntries(NEVER_REACHED.map((name) => [name, unused])),
    // gateway-sls-util loads this native module at start; we never send or ask for lz4.
    'lz4-napi': join(root, 'shared', 'sls', 'lz4-unused.cjs'),
  },
  plugins: [leaveOutParts],
  logLevel: 'warning',
};
