import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryCredentialStore } from '../../src/host.ts';
import { createSlsServer, type SlsServerOptions } from '../../src/server.ts';

/** Where the conformance suite sends its calls: the local server, or with REMOTE=1 the real service. */
export interface Target {
  readonly isRemote: boolean;
  readonly protocol: 'http' | 'https';
  /** Without a project, with a port if it needs one. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Address of the local server. */
  readonly url: string;
  readonly agent: http.Agent;
  /** A name that is not taken. */
  newName(kind: string): string;
  /** Waits until what was just created is known everywhere: up to a minute on the real service. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Resolved to 127.0.0.1 while a local target is open: official clients insist on `<project>.<endpoint>`. */
const LOCAL_DOMAIN = 'sls.test';

/** @throws Error when REMOTE=1 is set without an endpoint and credentials */
export async function openTarget(options: Partial<SlsServerOptions> = {}): Promise<Target> {
  return process.env.REMOTE === '1' ? openRemote() : openLocal(options);
}

let counter = 0;
function newName(kind: string): string {
  counter += 1;
  return `${kind}-${Date.now().toString(36)}-${process.pid}-${counter}`;
}

let hasSaid = false;
function sayOnce(text: string): void {
  if (!hasSaid) process.stderr.write(`${text}\n`);
  hasSaid = true;
}

async function openLocal(options: Partial<SlsServerOptions>): Promise<Target> {
  sayOnce('SLS conformance: local server (REMOTE=1 and credentials run it against the real service)');
  const server = await createSlsServer({ port: 0, credentials: new MemoryCredentialStore(), ...options });
  return localTarget(server);
}

/** A local server that runs already. */
export function localTarget(server: { url: string; close(): Promise<void> }): Target {
  const restoreDns = resolveLocally();
  const agent = new http.Agent({ keepAlive: true });
  return {
    isRemote: false,
    protocol: 'http',
    endpoint: `${LOCAL_DOMAIN}:${new URL(server.url).port}`,
    region: 'ap-southeast-1',
    accessKeyId: 'local',
    accessKeySecret: 'local-secret',
    url: server.url,
    agent,
    newName,
    settle: async () => {},
    close: async () => {
      agent.destroy();
      restoreDns();
      await server.close();
    },
  };
}

function openRemote(): Target {
  const { SLS_ENDPOINT, SLS_REGION, ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET } =
    process.env;
  if (!SLS_ENDPOINT || !SLS_REGION || !ALIBABA_CLOUD_ACCESS_KEY_ID || !ALIBABA_CLOUD_ACCESS_KEY_SECRET) {
    throw new Error(
      'REMOTE=1 needs SLS_ENDPOINT, SLS_REGION, ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET',
    );
  }
  const agent = new https.Agent({ keepAlive: true });
  return {
    isRemote: true,
    protocol: 'https',
    endpoint: SLS_ENDPOINT,
    region: SLS_REGION,
    accessKeyId: ALIBABA_CLOUD_ACCESS_KEY_ID,
    accessKeySecret: ALIBABA_CLOUD_ACCESS_KEY_SECRET,
    url: `https://${SLS_ENDPOINT}`,
    agent,
    newName,
    settle: () => sleep(60_000),
    close: async () => agent.destroy(),
  };
}

type Lookup = (
  host: string,
  options: dns.LookupOptions,
  callback: (error: Error | null, address: string | dns.LookupAddress[], family?: number) => void,
) => void;

function resolveLocally(): () => void {
  const original = dns.lookup;
  const lookup: Lookup = (host, options, callback) => {
    if (!host.endsWith(LOCAL_DOMAIN)) (original as unknown as Lookup)(host, options, callback);
    else if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
    else callback(null, '127.0.0.1', 4);
  };
  dns.lookup = lookup as unknown as typeof dns.lookup;
  return () => {
    dns.lookup = original;
  };
}
