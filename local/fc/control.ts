import { asNumber, asObject, ControlRefused, onlyKnown } from '../http/control.ts';
import type { CallHooks, HookResult, ServiceCall } from '../sls/src/host.ts';
import type { Fleet, RoleKeys } from './fleet.ts';
import type { Invoker } from './invoker.ts';

/**
 * Kills an instance just before one of its own service calls (which then takes no effect), or just after it (only
 * the response is lost). Calls are counted over all instances of the function.
 */
interface KillAt {
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

  /** The order that has not been carried out yet. */
  get pending(): (KillAt & { callsLeft: number }) | null {
    return this.#order ?? null;
  }

  set(order: KillAt | undefined): void {
    this.#order = order === undefined ? undefined : { ...order, callsLeft: order.call };
  }

  readonly before = (call: ServiceCall): Promise<HookResult> => this.#at('before', call);
  readonly after = (call: ServiceCall): Promise<HookResult> => this.#at('after', call);

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

/** `/_control` of the local FC. */
export interface FcControlDeps {
  readonly fleet: Fleet;
  readonly invoker: Invoker;
  readonly killSwitch: KillSwitch;
  readonly keys: RoleKeys;
  /** Fires a function's timer and returns the request id. */
  tick(functionName: string): string;
}

export function controlReport({ fleet, invoker, killSwitch }: FcControlDeps) {
  const instances = fleet.instances.map((instance) => ({
    function: instance.functionName,
    instanceId: instance.id,
    pid: instance.pid,
    state: instance.state,
    startedAtMs: instance.startedAtMs,
    invocations: instance.invocations,
  }));
  const names = fleet.functionNames;
  return {
    instances,
    ...invoker.log.report(),
    queued: Object.fromEntries(names.map((name) => [name, invoker.queued(name)])),
    reservedConcurrency: fleet.reservations,
    killAt: killSwitch.pending,
  };
}

/** Checks everything before it changes anything; kills before it fires the timer. @throws ControlRefused */
export async function applyControl(
  body: Readonly<Record<string, unknown>>,
  deps: FcControlDeps,
): Promise<unknown> {
  const { fleet, killSwitch, keys } = deps;
  onlyKnown(body, ['tick', 'kill', 'killAt', 'reservedConcurrency', 'expireCredentials'], 'control');
  const tick = functionNamed(body.tick, 'tick', fleet);
  if (tick !== undefined && fleet.spec(tick)?.timer === undefined) {
    throw new ControlRefused(`tick: ${tick} has no timer`);
  }
  const kill = functionNamed(body.kill, 'kill', fleet);
  const expire = functionNamed(body.expireCredentials, 'expireCredentials', fleet);
  const caps = capsOf(body.reservedConcurrency, fleet);
  const killAt = body.killAt === undefined || body.killAt === null ? undefined : killAtOf(body.killAt, fleet);

  for (const [name, cap] of caps) fleet.reserve(name, cap);
  if (body.killAt !== undefined) killSwitch.set(killAt);
  if (expire !== undefined) keys.expire(expire);
  const killed =
    kill === undefined ? {} : { killed: await fleet.kill(({ functionName }) => functionName === kill) };
  return { ...killed, ...(tick === undefined ? {} : { requestId: deps.tick(tick) }) };
}

function functionNamed(value: unknown, name: string, fleet: Fleet): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && fleet.spec(value) !== undefined) return value;
  throw new ControlRefused(`${name}: no such function; there are ${fleet.functionNames.join(', ')}`);
}

/** `null` removes a reservation. */
function capsOf(value: unknown, fleet: Fleet): Array<[string, number | undefined]> {
  if (value === undefined) return [];
  return Object.entries(asObject(value, 'reservedConcurrency')).map(([name, cap]) => {
    functionNamed(name, 'reservedConcurrency', fleet);
    if (cap === null) return [name, undefined];
    return [name, asNumber(cap, `reservedConcurrency.${name}`, { min: 0, max: 1000, whole: true })];
  });
}

function killAtOf(value: unknown, fleet: Fleet): KillAt {
  const order = asObject(value, 'killAt');
  onlyKnown(order, ['function', 'service', 'call', 'when'], 'killAt');
  const name = functionNamed(order.function, 'killAt.function', fleet);
  if (name === undefined) throw new ControlRefused('killAt.function is missing');
  const { service, when } = order;
  if (service !== 'sls' && service !== 'cloudauth') {
    throw new ControlRefused('killAt.service must be sls or cloudauth');
  }
  if (when !== 'before' && when !== 'after') {
    throw new ControlRefused('killAt.when must be before or after');
  }
  return {
    function: name,
    service,
    when,
    call: asNumber(order.call, 'killAt.call', { min: 1, whole: true }),
  };
}
