import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { plan } from '../../../deploy/provision.ts';
import { RecordingServer } from '../../support/recording-server.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const credentials = { accessKeyId: 'id', accessKeySecret: 'secret' };

let server: RecordingServer;
beforeEach(async () => {
  server = await new RecordingServer().listen();
});
afterEach(() => server.close());

const planned = (accountId?: string) =>
  plan({ endpoint: server.url, project: 'idv-1', region: 'ap-southeast-1', credentials, accountId });

/** The service's own words about a project of another account. */
const NOT_YOURS = '{"errorCode":"Unauthorized","errorMessage":"The project does not belong to you."}';

describe('a project', () => {
  it.each([
    [
      'of another account, as the service says',
      401,
      NOT_YOURS,
      /^project idv-1 is there already and belongs to another account/,
    ],
    [
      'of another account, as its owner says, whatever its description',
      200,
      JSON.stringify({ projectName: 'idv-1', owner: '2', description: 'made by idv-dropoff' }),
      /belongs to another account/,
    ],
    [
      'of this account that somebody else made',
      200,
      JSON.stringify({ projectName: 'idv-1', owner: '1', description: 'mine' }),
      /was not made by idv-dropoff.*set its description to/,
    ],
  ])('%s is left alone', async (_what, status, body, expected) => {
    server.always(status, body, JSON_TYPE);
    await expect(planned('1')).rejects.toThrow(expected);
    expect(server.requests).toHaveLength(1);
  });

  it('whose reading is refused is not taken for a name that is taken', async () => {
    server.always(
      401,
      '{"errorCode":"Unauthorized","errorMessage":"denied by ram, action: log:GetProject"}',
      JSON_TYPE,
    );
    await expect(planned('1')).rejects.toMatchObject({ code: 'SLS' });
  });
});
