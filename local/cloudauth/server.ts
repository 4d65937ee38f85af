import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { NonceMemory, type SignedRequest } from '../http/acs3.ts';
import {
  asNumber,
  asObject,
  ControlRefused,
  onlyKnown,
  readJsonObject,
  runControl,
  serveControl,
} from '../http/control.ts';
import { listen, Refused, readBody, sendJson } from '../http/listen.ts';
import { refusalOfForeignPage } from '../sls/src/envelope/foreign-page.ts';
import type { CallHooks, CredentialStore, LocalServer } from '../sls/src/host.ts';
import { Arrivals, Quota } from './arrivals.ts';
import { parametersOf, passGateway } from './gateway.ts';
import { Plan } from './plan.ts';
import { seededRandom } from './random.ts';
import { codeReply, plannedReply, type Reply, refusalReply, send, successReply } from './replies.ts';
import type { Session } from './session-types.ts';
import { resultAt } from './sessions.ts';

/**
 * A local CheckVerifyLog. A call passes the signature check, the quota and the plan (faults set by `_control`), then
 * gets the truth about its transaction: TransactionIdInvalid if it is unknown or older than 30 days, an unfinished
 * log if it is younger than 30 minutes, otherwise its final Result.
 */
export interface CloudauthServerOptions {
  readonly port: number;
  readonly credentials: CredentialStore;
  readonly hooks?: CallHooks;
  /** Unix ms. */
  readonly clock?: () => number;
  /** For the random choices of `rate` rules. */
  readonly seed?: number;
  /** Calls per second; 10 in Singapore and Hong Kong. */
  readonly qps?: number;
  readonly retentionDays?: number;
}

export interface CloudauthServer extends LocalServer {
  addSessions(sessions: readonly Session[]): void;
}

interface KnownTransaction {
  /** Moved by `age`. */
  initializedAtMs: number;
  /** If set, calls with another one are refused; whether the service does that is not documented. */
  readonly merchantBizId?: string | undefined;
  result(ageMs: number): unknown;
}

const MAX_BODY_BYTES = 1024 * 1024;
const DAY_MS = 86_400_000;

class Cloudauth {
  readonly #options: CloudauthServerOptions;
  readonly #clock: () => number;
  readonly #random;
  readonly #arrivals = new Arrivals();
  readonly #quota = new Quota();
  readonly #nonces = new NonceMemory();
  readonly #byAnswer = new Map<string, number>();
  readonly #transactions = new Map<string, KnownTransaction>();
  #qps: number;
  #latencyMs = 0;
  #plan = new Plan();

  constructor(options: CloudauthServerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
    this.#random = seededRandom(`plan ${options.seed ?? 1}`);
    this.#qps = options.qps ?? 10;
  }

  addSessions(sessions: readonly Session[]): void {
    for (const session of sessions) {
      this.#transactions.set(session.transactionId, {
        initializedAtMs: session.initializedAtMs,
        result: (ageMs) => resultAt(session, session.initializedAtMs + ageMs),
      });
    }
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    // The operation itself is signed.
    const foreign = pathname.startsWith('/_') ? refusalOfForeignPage(request) : undefined;
    if (foreign !== undefined) {
      sendJson(response, { status: 403, body: { error: foreign } });
    } else if (pathname === '/_control') {
      await serveControl(request, response, {
        report: () => ({ ...this.#arrivals.report(), byAnswer: Object.fromEntries(this.#byAnswer) }),
        apply: (body) => this.#applyControl(body),
      });
    } else if (pathname.startsWith('/_transactions/') && request.method === 'PUT') {
      await runControl(response, () => this.#putTransaction(request, pathname));
    } else if (pathname === '/' && request.method === 'POST') {
      try {
        await this.#call(request, response);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        const reply = refusalReply(error);
        this.#count(reply);
        send(response, reply);
      }
    } else {
      sendJson(response, { status: 404, body: { error: 'nothing here: CheckVerifyLog is POST /' } });
    }
  }

  async #call(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrivedAtMs = this.#clock();
    this.#arrivals.add(arrivedAtMs);
    const tooLarge = (message: string) => new Refused(413, 'RequestEntityTooLarge', message);
    const signed: SignedRequest = {
      method: 'POST',
      target: request.url ?? '/',
      headers: request.headers,
      body: await readBody(request, MAX_BODY_BYTES, tooLarge),
    };
    const { credentials } = this.#options;
    const caller = passGateway(signed, { credentials, nonces: this.#nonces, nowMs: this.#clock() });
    const call = { service: 'cloudauth', action: 'CheckVerifyLog', caller } as const;
    if ((await this.#options.hooks?.before?.(call)) === 'drop') {
      response.destroy();
      return;
    }
    const admitted = this.#quota.admit(arrivedAtMs, this.#qps);
    if (this.#latencyMs > 0) await sleep(this.#latencyMs);
    const reply = admitted ? this.#answer(parametersOf(signed)) : codeReply('Throttling.Api');
    this.#count(reply);
    if ((await this.#options.hooks?.after?.(call)) === 'drop') response.destroy();
    else send(response, reply);
  }

  #answer(parameters: URLSearchParams): Reply {
    const transactionId = parameters.get('TransactionId') ?? '';
    const planned = this.#plan.next(transactionId, this.#random);
    const wanted = planned === undefined ? undefined : plannedReply(planned);
    return wanted ?? this.#truth(transactionId, parameters.get('MerchantBizId') ?? '');
  }

  #truth(transactionId: string, merchantBizId: string): Reply {
    if (transactionId === '' || merchantBizId === '') {
      const missing = transactionId === '' ? 'TransactionId' : 'MerchantBizId';
      return codeReply('MissingParameter', `${missing} is mandatory for this action.`);
    }
    if (!/^[A-Za-z0-9]{1,32}$/.test(merchantBizId)) {
      return codeReply('InvalidParameter', 'MerchantBizId must be 1 to 32 letters and digits.');
    }
    const nowMs = this.#clock();
    const known = this.#transactions.get(transactionId);
    const keptMs = (this.#options.retentionDays ?? 30) * DAY_MS;
    const isOther = known?.merchantBizId !== undefined && known.merchantBizId !== merchantBizId;
    if (known === undefined || isOther) return codeReply('TransactionIdInvalid');
    const ageMs = nowMs - known.initializedAtMs;
    return ageMs > keptMs ? codeReply('TransactionIdInvalid') : successReply(known.result(ageMs));
  }

  #count({ name }: Reply): void {
    this.#byAnswer.set(name, (this.#byAnswer.get(name) ?? 0) + 1);
  }

  #applyControl(body: Readonly<Record<string, unknown>>): unknown {
    onlyKnown(body, ['qps', 'latencyMs', 'plan', 'age'], 'control');
    const qps = body.qps === undefined ? this.#qps : asNumber(body.qps, 'qps', { min: 0 });
    const latencyMs =
      body.latencyMs === undefined
        ? this.#latencyMs
        : asNumber(body.latencyMs, 'latencyMs', { min: 0, max: 3_600_000 });
    const plan = body.plan === undefined ? this.#plan : Plan.parse(body.plan);
    const passedMs = body.age === undefined ? 0 : msOfAge(body.age);
    this.#qps = qps;
    this.#latencyMs = latencyMs;
    this.#plan = plan;
    for (const transaction of this.#transactions.values()) transaction.initializedAtMs -= passedMs;
    return {};
  }

  async #putTransaction(request: IncomingMessage, pathname: string): Promise<unknown> {
    const transactionId = idFromPath(pathname);
    const body = await readJsonObject(request);
    onlyKnown(body, ['initializedAt', 'result', 'merchantBizId'], 'transaction');
    if (!Object.hasOwn(body, 'result')) throw new ControlRefused('result is missing');
    const initializedAtMs = asNumber(body.initializedAt, 'initializedAt', { min: 0 });
    const { merchantBizId } = body;
    if (merchantBizId !== undefined && typeof merchantBizId !== 'string') {
      throw new ControlRefused('merchantBizId must be a string');
    }
    this.#transactions.set(transactionId, { initializedAtMs, merchantBizId, result: () => body.result });
    return { transactionId };
  }
}

/** @throws Error naming the port when it is taken */
export async function createCloudauthServer(options: CloudauthServerOptions): Promise<CloudauthServer> {
  const cloudauth = new Cloudauth(options);
  const server = await listen({
    port: options.port,
    handle: (request, response) => cloudauth.handle(request, response),
  });
  return { ...server, addSessions: (sessions) => cloudauth.addSessions(sessions) };
}

/** How much older all sessions become, as rows do with `age` of the local SLS. @throws ControlRefused */
function msOfAge(value: unknown): number {
  const age = asObject(value, 'age');
  onlyKnown(age, ['ms'], 'age');
  return asNumber(age.ms, 'age.ms', { min: 0, max: 1e13 });
}

/** @throws ControlRefused */
function idFromPath(pathname: string): string {
  const [, encoded = ''] = /^\/_transactions\/([^/]+)$/.exec(pathname) ?? [];
  try {
    const id = decodeURIComponent(encoded);
    if (id !== '') return id;
  } catch {
    // Malformed percent encoding: refused below, like an empty id.
  }
  throw new ControlRefused('the path must end with a transaction id');
}
