import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/**
 * One instance of a function: an operating-system process that serves one invocation at a time and stays warm.
 * starting -> idle <-> busy -> gone. It is gone when the process has exited, whatever the reason.
 */
type InstanceState = 'starting' | 'idle' | 'busy' | 'gone';

export interface FunctionError {
  readonly errorMessage: string;
  readonly errorType?: string;
  readonly stackTrace?: readonly string[];
}

export type InstanceOutcome =
  | { readonly kind: 'ok'; readonly body: Buffer; readonly json: boolean }
  | { readonly kind: 'error' | 'timeout' | 'exited'; readonly error: FunctionError };

export interface LogLine {
  readonly functionName: string;
  readonly instanceId: string;
  /** Of the current invocation, or the last one: a line may come after its result. */
  readonly requestId: string | undefined;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

interface InstanceOptions {
  readonly functionName: string;
  readonly instanceId: string;
  readonly codeDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly startedAtMs: number;
  readonly log: (line: LogLine) => void;
}

interface Invocation {
  readonly requestId: string;
  readonly event: Buffer;
  readonly context: object;
  readonly timeoutSeconds: number;
}

type Message =
  | { type: 'ready' }
  | { type: 'failed'; error: FunctionError }
  | { type: 'result'; body: Uint8Array; json: boolean }
  | { type: 'error'; error: FunctionError };

const RUNTIME = fileURLToPath(new URL('./runtime.cjs', import.meta.url));
/** The log's last line may arrive after the result, or never, if the function has closed its output. */
const MAX_LOG_WAIT_MS = 1_000;
/** FC cuts the log that it returns at 4 KB. */
const LOG_TAIL_BYTES = 4096;

export class Instance {
  readonly id: string;
  readonly functionName: string;
  readonly startedAtMs: number;
  state: InstanceState = 'starting';
  /** A kill is under way: nothing new may start here. */
  ending = false;
  invocations = 0;
  lastUsedAtMs: number;
  /** Resolves when the handler is loaded, or with the error if it could not be. */
  readonly loaded: Promise<FunctionError | undefined>;
  /** Resolves when the process is gone. */
  readonly exited: Promise<unknown>;
  /** The last few KB that the last invocation logged. */
  logTail = '';
  readonly #child: ChildProcess;
  readonly #options: InstanceOptions;
  #requestId: string | undefined;
  #logEnds: (() => void) | undefined;
  #settle: ((outcome: InstanceOutcome) => void) | undefined;

  constructor(options: InstanceOptions) {
    this.#options = options;
    this.id = options.instanceId;
    this.functionName = options.functionName;
    this.startedAtMs = options.startedAtMs;
    this.lastUsedAtMs = options.startedAtMs;
    this.#child = fork(RUNTIME, [], {
      cwd: options.codeDir,
      env: { ...options.env },
      execArgv: [`--max-old-space-size=${options.memoryMb}`],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    // 'close' comes after the last line of output, 'exit' may come before it.
    this.exited = once(this.#child, 'close').then(() => this.#gone());
    this.loaded = this.#load();
    for (const stream of ['stdout', 'stderr'] as const) this.#forward(stream);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Runs the handler once; the caller makes sure that nothing else runs here. Never rejects. */
  async invoke(invocation: Invocation): Promise<InstanceOutcome> {
    const startedAt = performance.now();
    const elapsedMs = () => Math.round(performance.now() - startedAt);
    this.invocations += 1;
    this.#requestId = invocation.requestId;
    this.logTail = '';
    if (this.state === 'gone') return exited(0);
    const { promise: logged, resolve: logEnds } = withResolvers<void>();
    this.#logEnds = logEnds;

    const { promise, resolve } = withResolvers<InstanceOutcome>();
    this.#settle = (outcome) => resolve(outcome.kind === 'exited' ? exited(elapsedMs()) : outcome);
    const timer = setTimeout(() => {
      resolve({ kind: 'timeout', error: timedOut(invocation.timeoutSeconds) });
      void this.kill();
    }, invocation.timeoutSeconds * 1000);
    const { requestId, event, context } = invocation;
    // If the channel closes first, the process exits, which settles the invocation.
    this.#child.send({ requestId, event, context }, () => {});
    const outcome = await promise;
    clearTimeout(timer);
    this.#settle = undefined;
    // A timed-out invocation keeps its place until its process is gone.
    if (outcome.kind === 'timeout') await this.exited;
    else await this.#logRead(logged);
    return outcome;
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.ending = true;
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  /** Result and log come through different pipes: waits for what was printed before the result. */
  async #logRead(logged: Promise<void>): Promise<void> {
    const { promise, resolve } = withResolvers<void>();
    const timer = setTimeout(resolve, MAX_LOG_WAIT_MS);
    await Promise.race([logged, this.exited, promise]);
    clearTimeout(timer);
  }

  async #load(): Promise<FunctionError | undefined> {
    const { promise, resolve } = withResolvers<FunctionError | undefined>();
    this.#child.on('message', (message: Message) => {
      if (message.type === 'ready') resolve(undefined);
      else if (message.type === 'failed') resolve(message.error);
      else if (message.type === 'error') this.#settle?.({ kind: 'error', error: message.error });
      else this.#settle?.({ kind: 'ok', body: Buffer.from(message.body), json: message.json });
    });
    this.#child.on('error', (error) => resolve({ errorMessage: error.message, errorType: error.name }));
    void this.exited.then(() => resolve(exited(0).error));
    return promise;
  }

  #gone(): void {
    this.state = 'gone';
    this.#settle?.(exited(0));
  }

  #forward(stream: 'stdout' | 'stderr'): void {
    createInterface({ input: this.#child[stream] as Readable }).on('line', (text) => {
      const { functionName, instanceId, log } = this.#options;
      this.logTail = `${this.logTail}${text}\n`.slice(-LOG_TAIL_BYTES);
      log({ functionName, instanceId, requestId: this.#requestId, stream, text });
      if (text === `FC Invoke End RequestId: ${this.#requestId}`) this.#logEnds?.();
    });
  }
}

function exited(durationMs: number): InstanceOutcome & { kind: 'exited' | 'error' | 'timeout' } {
  return {
    kind: 'exited',
    error: {
      errorMessage: `Process exited unexpectedly before completing request (duration: ${durationMs}ms, maxMemoryUsage: 0MB)`,
    },
  };
}

function timedOut(timeoutSeconds: number): FunctionError {
  return { errorMessage: `Function timed out after ${timeoutSeconds} seconds (maxMemoryUsage: 0MB)` };
}

/** Promise.withResolvers comes with Node 22. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
