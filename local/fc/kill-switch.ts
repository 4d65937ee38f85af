import type { CallHooks, HookResult, ServiceCall } from '../sls/src/host.ts';

/**
 * Kills an instance at the edge of one of its own service calls. Calls are counted over all instances of the
 * function: before the call where it is to take no effect, after it where only its answer is to be lost.
 */
export interface KillAt {
  readonly function: string;
  readonly service: 'sls' | 'cloudauth';
  /** The n-th call from now, from 1. */
  readonly call: number;
  readonly when: 'before' | 'after';
}

export class KillSwitch implements CallHooks {
  readonly #kill: (instanceId: string) => Promise<unknown>;
  #order: (KillAt & { callsLeft: number }) | undefined;

  constructor(kill: (instanceId: string) => Promise<unknown>) {
    this.#kill = kill;
  }

  /** What is still to be done. */
  get pending(): (KillAt & { callsLeft: number }) | null {
    return this.#order ?? null;
  }

  set(order: KillAt | undefined): void {
    this.#order = order === undefined ? undefined : { ...order, callsLeft: order.call };
  }

  before(call: ServiceCall): Promise<HookResult> {
    return this.#at('before', call);
  }

  after(call: ServiceCall): Promise<HookResult> {
    return this.#at('after', call);
  }

  async #at(when: KillAt['when'], { service, caller }: ServiceCall): Promise<HookResult> {
    const order = this.#order;
    if (order === undefined || order.when !== when || order.service !== service) return 'go';
    if (caller.functionName !== order.function || caller.instanceId === undefined) return 'go';
    order.callsLeft -= 1;
    if (order.callsLeft > 0) return 'go';
    this.#order = undefined;
    await this.#kill(caller.instanceId);
    return 'drop';
  }
}
