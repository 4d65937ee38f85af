import { randomBytes } from 'node:crypto';
import { LOCAL_ACCOUNT_ID } from '../credentials.ts';
import { LOCAL_REGION, type LocalCredential, type MemoryCredentialStore } from '../sls/src/host.ts';
import { Instance, type LogLine } from './instance.ts';
import type { FunctionSpec } from './spec.ts';

/**
 * The instances of all functions. A function with reserved concurrency has that many for itself and never more;
 * all others share the account's. An idle instance is reused before a new one starts, and killed when another
 * function needs its place.
 */
interface FleetOptions {
  readonly functions: readonly FunctionSpec[];
  /** Instances of the account for functions without a reservation. */
  readonly maxInstances: number;
  readonly keys: RoleKeys;
  readonly clock: () => number;
  readonly log: (line: LogLine) => void;
}

/** FC keeps an idle instance for a few minutes; how many is not documented. */
const IDLE_MS = 10 * 60_000;

export interface Acquired {
  readonly instance: Instance;
  readonly coldStart: boolean;
}

export class Fleet {
  readonly #options: FleetOptions;
  readonly #specs: ReadonlyMap<string, FunctionSpec>;
  readonly #reserved = new Map<string, number>();
  readonly #instances = new Set<Instance>();
  /** Called whenever an instance, or the place of one, has become free. */
  onRelease: () => void = () => {};
  readonly #reaper: NodeJS.Timeout;
  /** A handler that never yields would not notice that its parent has ended. */
  readonly #atExit = () => {
    for (const instance of this.#instances) void instance.kill();
  };

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#specs = new Map(options.functions.map((spec) => [spec.name, spec]));
    for (const { name, reservedConcurrency } of options.functions) {
      if (reservedConcurrency !== undefined) this.#reserved.set(name, reservedConcurrency);
    }
    this.#reaper = setInterval(() => this.#reap(), IDLE_MS / 4).unref();
    process.once('exit', this.#atExit);
  }

  spec(functionName: string): FunctionSpec | undefined {
    return this.#specs.get(functionName);
  }

  get functionNames(): readonly string[] {
    return [...this.#specs.keys()];
  }

  get instances(): readonly Instance[] {
    return [...this.#instances];
  }

  get reservations(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#reserved);
  }

  /** `undefined` removes the reservation. */
  reserve(functionName: string, instances: number | undefined): void {
    if (instances === undefined) this.#reserved.delete(functionName);
    else this.#reserved.set(functionName, instances);
    this.onRelease();
  }

  /** Returns an instance for one invocation, or undefined when the concurrency limit is reached. */
  acquire(spec: FunctionSpec): Acquired | undefined {
    const reserved = this.#reserved.get(spec.name);
    const limit = reserved ?? this.#options.maxInstances;
    const peers = [...this.#instances].filter(({ functionName }) =>
      reserved === undefined ? !this.#reserved.has(functionName) : functionName === spec.name,
    );
    // A busy instance that is being killed keeps its place until its process is gone.
    const occupied = peers.filter(({ state }) => state === 'starting' || state === 'busy').length;
    if (occupied >= limit) return undefined;
    const idle = peers
      .filter(({ state, ending }) => state === 'idle' && !ending)
      .sort((a, b) => b.lastUsedAtMs - a.lastUsedAtMs);
    const warm = idle.find(({ functionName }) => functionName === spec.name);
    if (warm !== undefined) {
      warm.state = 'busy';
      return { instance: warm, coldStart: false };
    }
    if (occupied + idle.length >= limit) void idle.at(-1)?.kill();
    return { instance: this.#start(spec), coldStart: true };
  }

  /** Gives back what `acquire` returned. */
  release(instance: Instance): void {
    if (instance.state !== 'gone' && !instance.ending) instance.state = 'idle';
    instance.lastUsedAtMs = this.#options.clock();
    this.onRelease();
  }

  async close(): Promise<void> {
    clearInterval(this.#reaper);
    await this.kill(() => true);
    process.removeListener('exit', this.#atExit);
  }

  /** Resolves, with the number of instances killed, when their processes are gone. */
  async kill(which: (instance: Instance) => boolean): Promise<number> {
    const doomed = [...this.#instances].filter(which);
    await Promise.all(doomed.map((instance) => instance.kill()));
    return doomed.length;
  }

  #start(spec: FunctionSpec): Instance {
    const { keys, clock, log } = this.#options;
    const instanceId = newId('c', clock());
    const role = keys.mint({ functionName: spec.name, instanceId });
    const instance = new Instance({
      functionName: spec.name,
      instanceId,
      codeDir: spec.codeDir,
      memoryMb: spec.memoryMb,
      startedAtMs: clock(),
      log,
      env: {
        ...this.#platformEnv(spec, instanceId),
        ...(typeof spec.env === 'function' ? spec.env() : spec.env),
        ALIBABA_CLOUD_ACCESS_KEY_ID: role.accessKeyId,
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: role.accessKeySecret,
        ALIBABA_CLOUD_SECURITY_TOKEN: role.securityToken,
      },
    });
    this.#instances.add(instance);
    void instance.exited.then(() => {
      this.#instances.delete(instance);
      this.onRelease();
    });
    return instance;
  }

  /** https://www.alibabacloud.com/help/en/functioncompute/fc/environment-variables (read 2026-11-23) */
  #platformEnv(spec: FunctionSpec, instanceId: string): Record<string, string> {
    return {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: '/tmp',
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      FC_FUNC_CODE_PATH: `${spec.codeDir}/`,
      FC_ACCOUNT_ID: LOCAL_ACCOUNT_ID,
      FC_REGION: LOCAL_REGION,
      FC_FUNCTION_NAME: spec.name,
      FC_FUNCTION_HANDLER: spec.handler,
      FC_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
      FC_INSTANCE_ID: instanceId,
      FC_QUALIFIER: 'LATEST',
      FC_CUSTOM_LISTEN_PORT: '9000',
    };
  }

  #reap(): void {
    const oldestMs = this.#options.clock() - IDLE_MS;
    void this.kill(({ state, lastUsedAtMs }) => state === 'idle' && lastUsedAtMs < oldestMs);
  }
}

/** FC assumes the function's role anew for each invocation; the keys are valid for 36 hours. */
const ROLE_KEY_LIFETIME_MS = 36 * 3_600_000;
/** Beyond this number the oldest keys are forgotten; a run holds one or two. */
const MAX_KEYS = 5_000;

/** Issues temporary keys and registers them with the store that the services check signatures against. */
export class RoleKeys {
  readonly #store: MemoryCredentialStore;
  readonly #clock: () => number;
  readonly #lifetimeMs: number;
  readonly #given: LocalCredential[] = [];

  constructor(store: MemoryCredentialStore, clock: () => number, lifetimeMs = ROLE_KEY_LIFETIME_MS) {
    this.#store = store;
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
  }

  mint({
    functionName,
    instanceId,
  }: Required<Pick<LocalCredential, 'functionName' | 'instanceId'>>): LocalCredential & {
    readonly securityToken: string;
  } {
    const key = {
      accessKeyId: `STS.${randomBytes(12).toString('hex')}`,
      accessKeySecret: randomBytes(33).toString('base64url'),
      securityToken: randomBytes(180).toString('base64'),
      expiresAtMs: this.#clock() + this.#lifetimeMs,
      functionName,
      instanceId,
    };
    this.#store.add(key);
    this.#given.push(key);
    for (const old of this.#given.splice(0, this.#given.length - MAX_KEYS)) {
      this.#store.remove(old.accessKeyId);
    }
    return key;
  }

  /** Expires all keys that a function has been given so far. */
  expire(functionName: string): void {
    for (const key of this.#given) {
      if (key.functionName === functionName) this.#store.add({ ...key, expiresAtMs: this.#clock() });
    }
  }
}

/** As seen in real responses: `1-` (request) or `c-` (instance), then unix seconds, 8 and 12 digits, all hex. */
function newId(kind: '1' | 'c', nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000).toString(16);
  return `${kind}-${seconds}-${randomBytes(4).toString('hex')}-${randomBytes(6).toString('hex')}`;
}

export function newRequestId(nowMs: number): string {
  return newId('1', nowMs);
}
