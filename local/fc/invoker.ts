import { LOCAL_ACCOUNT_ID } from '../credentials.ts';
import { Refused } from '../http/listen.ts';
import { LOCAL_REGION } from '../sls/src/host.ts';
import { type Acquired, type Fleet, newRequestId, type RoleKeys } from './fleet.ts';
import type { Instance, InstanceOutcome } from './instance.ts';
import { InvocationLog, type InvocationRecord, type InvocationTrigger } from './invocation-log.ts';
import type { FunctionSpec } from './spec.ts';

/**
 * Runs invocations. A synchronous one runs at once or, when the concurrency limit is reached, is throttled; it is
 * never retried. An asynchronous one is accepted, waits for a free instance until it is too old, and is retried
 * after a function error as often as the function's settings say.
 */
interface InvokeRequest {
  readonly spec: FunctionSpec;
  readonly event: Buffer;
  readonly trigger: InvocationTrigger;
  /** Given when the event already contains it. */
  readonly requestId?: string;
}

export type InvokeResult = InstanceOutcome & { readonly logTail: string };

interface Attempt {
  readonly spec: FunctionSpec;
  readonly event: Buffer;
  readonly record: InvocationRecord;
  readonly retryCount: number;
}

interface Waiting extends Attempt {
  readonly expiresAtMs: number;
}

const DEFAULT_EVENT_AGE_SECONDS = 86_400;
const DEFAULT_RETRIES = 3;
/** FC waits before it retries a failed invocation; how long is not documented. */
const RETRY_AFTER_MS = 1_000;

interface InvokerOptions {
  readonly fleet: Fleet;
  readonly keys: RoleKeys;
  readonly clock: () => number;
}

export class Invoker {
  readonly #options: InvokerOptions;
  readonly #queue: Waiting[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly log = new InvocationLog();
  #closed = false;

  constructor(options: InvokerOptions) {
    this.#options = options;
    options.fleet.onRelease = () => this.#drain();
  }

  /** @throws Refused when it is throttled */
  async invoke(request: InvokeRequest): Promise<InvokeResult> {
    const record = this.#newRecord(request, 'Sync');
    const acquired = this.#options.fleet.acquire(request.spec);
    if (acquired !== undefined) return this.#run(acquired, { ...request, record, retryCount: 0 });
    this.log.end(record, 'throttled', this.#options.clock());
    const message =
      'The request was throttled: the concurrency limit of the function or the account is reached.';
    throw new Refused(429, 'ResourceExhausted', message);
  }

  /** Accepts an invocation and returns its request id. */
  enqueue(request: InvokeRequest): string {
    const record = this.#newRecord(request, 'Async');
    const ageSeconds = request.spec.asyncInvoke?.maxAsyncEventAgeInSeconds ?? DEFAULT_EVENT_AGE_SECONDS;
    this.#queue.push({
      spec: request.spec,
      event: request.event,
      record,
      retryCount: 0,
      expiresAtMs: record.acceptedAtMs + ageSeconds * 1000,
    });
    this.#later(ageSeconds * 1000 + 1);
    this.#drain();
    return record.requestId;
  }

  queued(functionName: string): number {
    return this.#queue.filter(({ spec }) => spec.name === functionName).length;
  }

  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #newRecord(
    { spec, trigger, requestId }: Omit<InvokeRequest, 'event'>,
    type: 'Sync' | 'Async',
  ): InvocationRecord {
    const acceptedAtMs = this.#options.clock();
    return this.log.begin({
      function: spec.name,
      requestId: requestId ?? newRequestId(acceptedAtMs),
      type,
      trigger,
      acceptedAtMs,
    });
  }

  /** Starts what waits, oldest first, as far as there is room; drops what is too old. */
  #drain(): void {
    if (this.#closed) return;
    const nowMs = this.#options.clock();
    for (const waiting of this.#queue.splice(0)) {
      if (nowMs > waiting.expiresAtMs) {
        this.log.end(waiting.record, 'expired', nowMs);
        continue;
      }
      const acquired = this.#options.fleet.acquire(waiting.spec);
      if (acquired === undefined) this.#queue.push(waiting);
      else void this.#run(acquired, waiting).then((result) => this.#retry(waiting, result));
    }
  }

  #retry(waiting: Waiting, result: InvokeResult): void {
    const retries = waiting.spec.asyncInvoke?.maxAsyncRetryAttempts ?? DEFAULT_RETRIES;
    if (result.kind === 'ok' || waiting.retryCount >= retries || this.#closed) return;
    const { requestId, trigger } = waiting.record;
    const record = this.#newRecord({ ...waiting, requestId, trigger }, 'Async');
    this.#later(RETRY_AFTER_MS, () => {
      this.#queue.push({ ...waiting, record, retryCount: waiting.retryCount + 1 });
    });
  }

  #later(ms: number, act: () => void = () => {}): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
      this.#drain();
    }, ms).unref();
    this.#timers.add(timer);
  }

  async #run({ instance, coldStart }: Acquired, attempt: Attempt): Promise<InvokeResult> {
    const { record } = attempt;
    Object.assign(record, { instanceId: instance.id, coldStart, startedAtMs: this.#options.clock() });
    const outcome = await this.#onInstance(instance, attempt);
    this.log.end(record, outcome.kind, this.#options.clock(), outcome);
    const { logTail } = instance;
    this.#options.fleet.release(instance);
    return { ...outcome, logTail };
  }

  async #onInstance(
    instance: Instance,
    { spec, event, record, retryCount }: Attempt,
  ): Promise<InstanceOutcome> {
    const failure = await instance.loaded;
    if (failure !== undefined) {
      const killed = instance.ending;
      await instance.kill();
      return { kind: killed ? 'exited' : 'error', error: failure };
    }
    instance.state = 'busy';
    return instance.invoke({
      requestId: record.requestId,
      event,
      timeoutSeconds: spec.timeoutSeconds,
      context: this.#context(spec, instance, record, retryCount),
    });
  }

  /** https://www.alibabacloud.com/help/zh/fc/context-3 (read 2026-11-23) */
  #context(spec: FunctionSpec, instance: Instance, record: InvocationRecord, retryCount: number): object {
    const { accessKeyId, accessKeySecret, securityToken } = this.#options.keys.mint({
      functionName: spec.name,
      instanceId: instance.id,
    });
    return {
      requestId: record.requestId,
      credentials: { accessKeyId, accessKeySecret, securityToken },
      function: {
        name: spec.name,
        handler: spec.handler,
        memory: spec.memoryMb,
        timeout: spec.timeoutSeconds,
      },
      service: { logProject: '', logStore: '', qualifier: 'LATEST', versionId: '' },
      region: LOCAL_REGION,
      accountId: LOCAL_ACCOUNT_ID,
      retryCount,
      tracing: { openTracingSpanContext: '', jaegerEndpoint: '', openTracingSpanBaggages: {} },
    };
  }
}
