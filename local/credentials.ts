/**
 * The keys the local cloud knows: the operator's long-lived one, and the temporary ones that the local FC gives
 * to function instances. The SLS and CheckVerifyLog servers check signatures against this store.
 */
export interface LocalCredential {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Set for temporary keys; a request must carry it. */
  readonly securityToken?: string;
  /** Unix ms; after it the services answer that the token has expired. */
  readonly expiresAtMs?: number;
  /** The function whose role the key stands for, if any. */
  readonly functionName?: string;
  readonly instanceId?: string;
}

export interface CredentialStore {
  find(accessKeyId: string): LocalCredential | undefined;
}

export const LOCAL_ACCESS_KEY_ID = 'local';
export const LOCAL_ACCESS_KEY_SECRET = 'local-secret';
export const LOCAL_ACCOUNT_ID = '1234567890123456';
export const LOCAL_REGION = 'ap-southeast-1';
export const LOCAL_PROJECT = 'idv-local';

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
