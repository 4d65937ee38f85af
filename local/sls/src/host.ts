/**
 * What the program that starts the server gives to it and gets from it. Other local services of the same program
 * can share the keys and the hooks.
 */
export interface LocalServer {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

export const LOCAL_ACCESS_KEY_ID = 'local';
export const LOCAL_ACCESS_KEY_SECRET = 'local-secret';
export const LOCAL_REGION = 'ap-southeast-1';

/** A key that the server knows; it checks the signatures of requests with it. */
export interface LocalCredential {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Set for temporary keys; a request must carry it. */
  readonly securityToken?: string;
  /** Unix ms; after it requests are refused: the token has expired. */
  readonly expiresAtMs?: number;
  /** The function whose role the key stands for, if any. */
  readonly functionName?: string;
  readonly instanceId?: string;
}

export interface CredentialStore {
  find(accessKeyId: string): LocalCredential | undefined;
}

export class MemoryCredentialStore implements CredentialStore {
  readonly #byId = new Map<string, LocalCredential>();

  constructor(
    initial: readonly LocalCredential[] = [
      { accessKeyId: LOCAL_ACCESS_KEY_ID, accessKeySecret: LOCAL_ACCESS_KEY_SECRET },
    ],
  ) {
    for (const credential of initial) this.add(credential);
  }

  add(credential: LocalCredential): void {
    this.#byId.set(credential.accessKeyId, credential);
  }

  remove(accessKeyId: string): void {
    this.#byId.delete(accessKeyId);
  }

  find(accessKeyId: string): LocalCredential | undefined {
    return this.#byId.get(accessKeyId);
  }
}

export interface ServiceCall {
  /** `sls` here. */
  readonly service: string;
  /** The API's own name: PutLogs, PullLogs ... */
  readonly action: string;
  readonly caller: LocalCredential;
}

/**
 * `drop`: the caller is dead. After `before`, the call takes no effect; after `after`, its response is lost.
 * Either way the server destroys the socket and sends nothing.
 */
export type HookResult = 'go' | 'drop';

/**
 * Lets the program act at the exact edge of a call: `before` runs when a request is authenticated and nothing has
 * happened yet, `after` when its effect stands and the response has not been sent. Both run for every authenticated
 * call, whatever becomes of it.
 */
export interface CallHooks {
  before?(call: ServiceCall): Promise<HookResult> | HookResult;
  after?(call: ServiceCall): Promise<HookResult> | HookResult;
}
