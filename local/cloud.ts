import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ConsoleOptions, createConsoleServer } from '../client/console/server.ts';
import { ttlByLogstore } from '../deploy/logstores.ts';
import { provision } from '../deploy/provision.ts';
import { type Config, loadConfig } from '../shared/config.ts';
import { createSlsClient } from '../shared/sls/client.ts';
import type { SlsDataPlane } from '../shared/sls/types.ts';
import { type CloudauthServer, createCloudauthServer } from './cloudauth/server.ts';
import { LOCAL_PROJECT } from './credentials.ts';
import { createFcServer, type FcServer } from './fc/server.ts';
import type { Flags } from './flags.ts';
import { apiAccess, DIST_DIR, functionSpecs, settingsFrom } from './functions.ts';
import {
  type CallHooks,
  LOCAL_ACCESS_KEY_ID,
  LOCAL_ACCESS_KEY_SECRET,
  LOCAL_REGION,
  type LocalServer,
  MemoryCredentialStore,
} from './sls/src/host.ts';
import { createSlsServer } from './sls/src/server.ts';

/** The local cloud, provisioned, with what its data folder holds. */
export interface Cloud {
  readonly fc: FcServer;
  readonly sls: LocalServer;
  readonly cloudauth: CloudauthServer;
  /** Unless it is left out or its page is not built. */
  readonly console: LocalServer | undefined;
  /** A client of the local SLS with the operator's key. */
  readonly slsClient: SlsDataPlane;
  readonly config: Config;
  /** Headers that calls of the HTTP API need. */
  readonly apiHeaders: Readonly<Record<string, string>>;
  readonly dataDir: string;
  /** Stops everything; safe to call again. */
  close(): Promise<void>;
}

interface CloudOptions {
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly print: (line: string) => void;
}

type OnClose = (end: () => Promise<unknown>) => void;

const OPERATOR = { accessKeyId: LOCAL_ACCESS_KEY_ID, accessKeySecret: LOCAL_ACCESS_KEY_SECRET };

/**
 * Closes what was started if something fails.
 * @throws Error that names the taken port or what is not built; ConfigError that names bad settings
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const ends: Array<() => Promise<unknown>> = [];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    return { ...(await start(options, (end) => ends.push(end))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(options: CloudOptions, onClose: OnClose): Promise<Omit<Cloud, 'close'>> {
  const { flags, env } = options;
  const settings = settingsFrom(env);
  const config = loadConfig({ ...settings, FC_REGION: LOCAL_REGION });
  const api = apiAccess(config);
  let fc: FcServer | undefined;
  const functions = functionSpecs(() => ({
    ...settings,
    ...api.env,
    SLS_ENDPOINT: sls.url,
    CLOUDAUTH_ENDPOINT: cloudauth.url,
    INVOKE_ENDPOINT: fc?.url ?? '',
  }));
  const dataDir = await openDataDir(flags.data, onClose);
  const log = createWriteStream(join(dataDir, 'functions.log'), { flags: 'a' });
  onClose(() => new Promise<void>((done) => log.end(done)));

  const credentials = new MemoryCredentialStore();
  const portOf = (place: number) => (flags.port === 0 ? 0 : flags.port + place);
  const hooks: CallHooks = {
    before: (call) => fc?.hooks.before?.(call) ?? 'go',
    after: (call) => fc?.hooks.after?.(call) ?? 'go',
  };
  const sls = await opened(onClose, portOf(1), (port) =>
    createSlsServer({ port, credentials, hooks, dataDir: join(dataDir, 'sls'), region: LOCAL_REGION }),
  );
  // With the quota and the retention that the functions are configured for.
  const cloudauth = await opened(onClose, portOf(2), (port) =>
    createCloudauthServer({
      port,
      credentials,
      hooks,
      seed: flags.seed,
      qps: config.qpsLimit,
      retentionDays: config.daysKept.source,
    }),
  );
  const slsClient = await connectSls(sls.url, config);
  // Last: calls may come as soon as the port is open, and an instance keeps the environment it started with.
  fc = await opened(onClose, portOf(0), (port) =>
    createFcServer({
      port,
      credentials,
      functions,
      maxInstances: flags.maxInstances,
      log: ({ functionName, instanceId, text }) => log.write(`${functionName} ${instanceId} ${text}\n`),
    }),
  );
  const console = await openConsole(options, onClose, {
    port: portOf(3),
    sls: slsClient,
    slsUrl: sls.url,
    lookupUrl: fc.url,
    lookupHeaders: api.headers,
  });
  return { fc, sls, cloudauth, console, slsClient, config, apiHeaders: api.headers, dataDir };
}

async function connectSls(endpoint: string, config: Config): Promise<SlsDataPlane> {
  await provision({
    endpoint,
    region: LOCAL_REGION,
    project: LOCAL_PROJECT,
    credentials: OPERATOR,
    leaseSeconds: Math.ceil(config.leaseMs / 1000),
    ttlDays: ttlByLogstore(config.daysKept),
  });
  return createSlsClient({
    endpoint,
    project: LOCAL_PROJECT,
    credentials: () => OPERATOR,
    connectTimeoutMs: 5_000,
    readTimeoutMs: 60_000,
  });
}

async function openConsole(
  { flags, print }: CloudOptions,
  onClose: OnClose,
  console: Omit<ConsoleOptions, 'pageDir' | 'now'>,
): Promise<LocalServer | undefined> {
  if (!flags.console) return undefined;
  const pageDir = join(DIST_DIR, 'console');
  if (!existsSync(join(pageDir, 'index.html'))) {
    print('The console is left out: its page is not built (npm run build).');
    return undefined;
  }
  return opened(onClose, console.port, (port) =>
    createConsoleServer({ ...console, port, pageDir, now: Date.now }),
  );
}

async function opened<T extends LocalServer>(
  onClose: OnClose,
  port: number,
  open: (port: number) => Promise<T>,
): Promise<T> {
  try {
    const server = await open(port);
    onClose(() => server.close());
    return server;
  } catch (error) {
    const { code, cause } = error as NodeJS.ErrnoException;
    const codes = [code, (cause as NodeJS.ErrnoException | undefined)?.code];
    if (!codes.includes('EADDRINUSE')) throw error;
    throw new Error(`port ${port} is taken; choose others with --port`, { cause: error });
  }
}

/** Without a name, a temporary folder that is removed when the cloud closes. */
async function openDataDir(name: string | undefined, onClose: OnClose): Promise<string> {
  if (name !== undefined) {
    const folder = resolve(name);
    await mkdir(folder, { recursive: true });
    return folder;
  }
  const folder = await mkdtemp(join(tmpdir(), 'idv-local-'));
  onClose(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
