import type { LocalCredential } from './credentials.ts';

/**
 * Lets the local FC act at the exact edge of a service call (`killAt`): `before` runs when a request is
 * authenticated and nothing has happened yet, `after` when its effect stands and the answer has not been sent.
 * Both run for every authenticated call, whatever it is answered.
 */
export interface ServiceCall {
  readonly service: 'sls' | 'cloudauth';
  /** The API's own name: PutLogs, PullLogs, CheckVerifyLog ... */
  readonly action: string;
  readonly caller: LocalCredential;
}

/**
 * `drop`: the caller is dead. After `before`, the call takes no effect; after `after`, its answer is lost.
 * Either way the server destroys the socket and sends nothing.
 */
export type CallVerdict = 'go' | 'drop';

export interface CallHooks {
  before?(call: ServiceCall): Promise<CallVerdict> | CallVerdict;
  after?(call: ServiceCall): Promise<CallVerdict> | CallVerdict;
}

/** What every local service offers to the program that starts it. Listens on 127.0.0.1 only. */
export interface LocalServer {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}
