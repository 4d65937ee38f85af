import type { LocalCredential } from './credentials.ts';

/**
 * Lets the local FC act at the exact edge of a service call (`killAt`): `before` runs when a request is
 * authenticated and nothing has happened yet, `after` when its effect stands and the answer has not been sent.
 */
export interface ServiceCall {
  readonly service: 'sls' | 'cloudauth';
  /** The API's own name: PutLogs, PullLogs, CheckVerifyLog ... */
  readonly action: string;
  readonly caller: LocalCredential;
}

export interface CallHooks {
  before?(call: ServiceCall): Promise<void> | void;
  after?(call: ServiceCall): Promise<void> | void;
}

/** What every local service offers to the program that starts it. Listens on 127.0.0.1 only. */
export interface LocalServer {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}
