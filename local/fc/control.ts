import { asNumber, asObject, ControlRefused, onlyKnown } from '../http/control.ts';
import type { Fleet } from './fleet.ts';
import type { Invoker } from './invoker.ts';
import type { KillAt, KillSwitch } from './kill-switch.ts';
import type { RoleKeys } from './role-keys.ts';

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

/** Checks everything first, then acts: caps, kill orders and keys, then kill, then tick. @throws ControlRefused */
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
  const killed = kill === undefined ? {} : { killed: await fleet.killFunction(kill) };
  return { ...killed, ...(tick === undefined ? {} : { requestId: deps.tick(tick) }) };
}

function functionNamed(value: unknown, name: string, fleet: Fleet): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && fleet.spec(value) !== undefined) return value;
  throw new ControlRefused(`${name}: no such function; there are ${fleet.functionNames.join(', ')}`);
}

/** `null` takes a reservation away. */
function capsOf(value: unknown, fleet: Fleet): Array<[string, number | undefined]> {
  if (value === undefined) return [];
  return Object.entries(asObject(value, 'reservedConcurrency')).map(([name, cap]) => {
    functionNamed(name, 'reservedConcurrency', fleet);
    if (cap === null) return [name, undefined];
    return [name, asNumber(cap, `reservedConcurrency.${name}`, { least: 0, most: 1000, whole: true })];
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
    call: asNumber(order.call, 'killAt.call', { least: 1, whole: true }),
  };
}
