import { randomBytes } from 'node:crypto';
import type { LocalCredential, MemoryCredentialStore } from '../sls/src/host.ts';

/** FC assumes the function's role for every invocation; the keys are valid for 36 hours. */
export const ROLE_KEY_LIFETIME_MS = 36 * 3_600_000;
/** Keys of old invocations are forgotten beyond this number; a run holds one or two. */
const MAX_KEYS = 5_000;

export interface RoleKeyOwner {
  readonly functionName: string;
  readonly instanceId: string;
}

/** Gives temporary keys to instances and puts them where the services check signatures. */
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

  mint({ functionName, instanceId }: RoleKeyOwner): LocalCredential & { readonly securityToken: string } {
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

  /** Ends all keys that a function has been given so far. */
  expire(functionName: string): void {
    for (const key of this.#given) {
      if (key.functionName === functionName) this.#store.add({ ...key, expiresAtMs: this.#clock() });
    }
  }
}
