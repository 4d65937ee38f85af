import { describe, expect, it } from '@jest/globals';
import { PROPS_SCHEMA, parseProps } from '../../../deploy/component-props.ts';

const good = { region: 'ap-southeast-1', project: 'idv-1', role: 'idv-dropoff' };
const signature = { check: 'trigger', trigger: { authType: 'function' } };
const bearer = { check: 'bearer', trigger: { authType: 'anonymous' } };

describe('the properties of the sls component', () => {
  it('are few, the rest has defaults', () => {
    expect(parseProps(good)).toMatchObject({ leaseSeconds: 60, alertReceiver: '', functions: [] });
  });

  it('takes numbers as text, as variables give them', () => {
    expect(parseProps({ ...good, leaseSeconds: '90', retentionDays: { records: '365' } })).toMatchObject({
      leaseSeconds: 90,
      retentionDays: { records: 365 },
    });
  });

  it.each([
    [
      'an unknown region',
      { region: 'us-east-1' },
      /not offered in region "us-east-1".*ap-southeast-1 \(Singapore\)/,
    ],
    ['a bad project name', { project: 'Idv_1' }, /project: must be 3 to 63/],
    ['no role', { role: '' }, /vars\.role is empty/],
    ['an unknown property', { regoin: 'x' }, /regoin/],
    ['a retention of nothing', { retentionDays: { records: 0 } }, /retentionDays\.records/],
    ['a retention of something unknown', { retentionDays: { rows: 3 } }, /retentionDays/],
    ['an open trigger that nobody checks', { auth: { ...bearer, check: 'trigger' } }, /anybody could call/],
    ['a closed trigger with tokens', { auth: { ...signature, check: 'bearer' } }, /vars\.auth/],
    ['bearer without a token', { auth: bearer }, /bearerTokenSha256 is empty/],
  ])('refuse %s in one line', (_what, change, expected) => {
    expect(() => parseProps({ ...good, ...change })).toThrow(expected);
    try {
      parseProps({ ...good, ...change });
    } catch (error) {
      expect((error as Error).message).not.toContain('\n');
    }
  });

  it.each([
    ['signature', { auth: signature }],
    ['bearer', { auth: bearer, bearerTokenSha256: 'a'.repeat(64) }],
    ['jwt', { auth: { check: 'trigger', trigger: { authType: 'jwt', authConfig: {} } } }],
    ['a region of its own endpoint', { region: 'xx-nowhere-1', slsEndpoint: 'http://127.0.0.1:1' }],
  ])('accept %s', (_what, change) => {
    expect(() => parseProps({ ...good, ...change })).not.toThrow();
  });

  it('never repeat a token hash', () => {
    const hash = 'b'.repeat(64);
    expect(() => parseProps({ ...good, project: '', bearerTokenSha256: hash })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(hash) }),
    );
  });

  it('have a schema that Serverless Devs can read (draft 7)', () => {
    expect(PROPS_SCHEMA).toMatchObject({
      $schema: expect.stringContaining('draft-07'),
      required: ['region', 'project', 'role'],
    });
  });
});
