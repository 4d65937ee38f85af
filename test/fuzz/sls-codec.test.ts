import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UpstreamContractError } from '../../shared/errors.ts';
import { decodeLogGroupList, encodeLogGroup, withEncoded } from '../../shared/sls/codec.ts';
import { cases } from '../support/depth.ts';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary', maxLength: 300 }),
);
const pairs = fc.uniqueArray(fc.tuple(text, text), { selector: ([key]) => key, maxLength: 12 });
const group = fc.record({
  logs: fc.array(fc.record({ timeSeconds: fc.nat(0xffff_ffff), contents: pairs }), { maxLength: 8 }),
  tags: pairs,
});

/** The groups as one list: each is field 1 of it. */
function list(groups: Uint8Array[]): Buffer {
  return Buffer.concat(
    groups.flatMap((bytes) => {
      const head = [0x0a];
      let rest = bytes.length;
      for (; rest > 127; rest >>>= 7) head.push((rest & 127) | 128);
      return [Buffer.from([...head, rest]), bytes];
    }),
  );
}

describe('the log group codec', () => {
  it('decode after encode gives the same groups', () => {
    fc.assert(
      fc.property(fc.array(group, { maxLength: 4 }), (groups) => {
        const decoded = decodeLogGroupList(list(groups.map(encodeLogGroup)));
        expect(
          decoded.map(({ logs, tags }) => ({
            logs: logs.map(({ timeSeconds, contents }) => ({
              timeSeconds,
              contents: new Map(Object.entries(contents)),
            })),
            tags: new Map(Object.entries(tags)),
          })),
        ).toEqual(
          groups.map(({ logs, tags }) => ({
            logs: logs.map(({ timeSeconds, contents }) => ({ timeSeconds, contents: new Map(contents) })),
            tags: new Map(tags),
          })),
        );
      }),
      { numRuns: cases({ quick: 300, deep: 10_000 }) },
    );
  });

  it('a buffer that is used again, also by several at once, changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(group, { maxLength: 6 }), async (groups) => {
        const copies = await Promise.all(
          groups.map((value) =>
            withEncoded(value, async (bytes) => {
              await new Promise((resolve) => setImmediate(resolve));
              return Buffer.from(bytes);
            }),
          ),
        );
        expect(copies).toEqual(groups.map((value) => Buffer.from(encodeLogGroup(value))));
      }),
      { numRuns: cases({ quick: 200, deep: 10_000 }) },
    );
  });

  it('what is written is well-formed UTF-8, also from text that is not', () => {
    const units = fc.array(fc.nat(0xffff), { maxLength: 60 }).map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(units, (value) => {
        const bytes = encodeLogGroup({ logs: [{ timeSeconds: 1, contents: [['k', value]] }] });
        const got = decodeLogGroupList(list([bytes]))[0]?.logs[0]?.contents['k'];
        expect(got).toBe(Buffer.from(value, 'utf8').toString('utf8'));
      }),
      { numRuns: cases({ quick: 500, deep: 100_000 }) },
    );
  });

  const endsQuickly = (bytes: Uint8Array) => {
    const before = process.cpuUsage();
    try {
      decodeLogGroupList(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(UpstreamContractError);
    }
    // Of this process alone, whatever else the machine does.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_000);
  };

  it('arbitrary bytes give groups or a contract error, soon', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), endsQuickly), {
      numRuns: cases({ quick: 2_000, deep: 100_000 }),
    });
  });

  it('so do groups with bytes changed, cut or doubled', () => {
    fc.assert(
      fc.property(group, fc.nat(), fc.nat(255), fc.nat(), (value, at, byte, cut) => {
        const bytes = list([encodeLogGroup(value)]);
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        endsQuickly(bytes);
        endsQuickly(bytes.subarray(0, cut % (bytes.length + 1)));
        endsQuickly(Buffer.concat([bytes, bytes]));
      }),
      { numRuns: cases({ quick: 500, deep: 100_000 }) },
    );
  });
});
