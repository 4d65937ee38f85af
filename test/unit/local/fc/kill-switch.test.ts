import { describe, expect, it } from '@jest/globals';
import { KillSwitch } from '../../../../local/fc/control.ts';
import type { ServiceCall } from '../../../../local/sls/src/host.ts';

const callOf = (functionName: string | undefined, service: 'sls' | 'cloudauth' = 'sls'): ServiceCall => ({
  service,
  action: 'PutLogs',
  caller: {
    accessKeyId: 'k',
    accessKeySecret: 's',
    ...(functionName === undefined ? {} : { functionName, instanceId: `${functionName}-1` }),
  },
});

function killSwitch() {
  const killed: string[] = [];
  const kills = new KillSwitch(async (instanceId) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    killed.push(instanceId);
  });
  return { kills, killed };
}

describe('KillSwitch', () => {
  it('does nothing unless told to', async () => {
    const { kills, killed } = killSwitch();
    expect(await kills.before(callOf('sweep'))).toBe('go');
    expect(await kills.after(callOf('sweep'))).toBe('go');
    expect([killed, kills.pending]).toEqual([[], null]);
  });

  it('kills at the n-th call of that function to that service, once, and only then says drop', async () => {
    const { kills, killed } = killSwitch();
    kills.set({ function: 'sweep', service: 'sls', call: 2, when: 'before' });
    const others = [callOf('lookup'), callOf('sweep', 'cloudauth'), callOf(undefined)];
    for (const other of others) expect(await kills.before(other)).toBe('go');
    expect(await kills.before(callOf('sweep'))).toBe('go');
    expect(await kills.after(callOf('sweep'))).toBe('go');
    expect(kills.pending).toMatchObject({ callsLeft: 1 });
    const verdict = kills.before(callOf('sweep'));
    expect(killed).toEqual([]);
    expect(await verdict).toBe('drop');
    expect(killed).toEqual(['sweep-1']);
    expect(await kills.before(callOf('sweep'))).toBe('go');
    expect(kills.pending).toBeNull();
  });

  it('counts what comes after calls for after', async () => {
    const { kills, killed } = killSwitch();
    kills.set({ function: 'sweep', service: 'cloudauth', call: 1, when: 'after' });
    expect(await kills.before(callOf('sweep', 'cloudauth'))).toBe('go');
    expect(await kills.after(callOf('sweep', 'cloudauth'))).toBe('drop');
    expect(killed).toEqual(['sweep-1']);
  });

  it('forgets an order that is taken back', async () => {
    const { kills } = killSwitch();
    kills.set({ function: 'sweep', service: 'sls', call: 1, when: 'before' });
    kills.set(undefined);
    expect(await kills.before(callOf('sweep'))).toBe('go');
  });
});
