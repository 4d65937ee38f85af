import * as sdk from '@alicloud/sls20201230';
import { describe, expect, it } from '@jest/globals';
import { collectDocuments } from '../../../deploy/documents.ts';
import { isMarked, marked, PROJECT_DESCRIPTION } from '../../../deploy/mark.ts';
import { contains, differingKeys } from '../../../deploy/resources/resource.ts';

describe('contains', () => {
  it.each([
    [{ a: 1, extra: 2 }, { a: 1 }, true],
    [{ a: { b: 1, more: 2 } }, { a: { b: 1 } }, true],
    [{ a: [1, 2] }, { a: [1, 2] }, true],
    [{ a: [{ b: 1, more: 2 }] }, { a: [{ b: 1 }] }, true],
    [{}, { a: undefined }, true],
    [{ a: 2 }, { a: 1 }, false],
    [{ a: '1' }, { a: 1 }, false],
    [{}, { a: 1 }, false],
    [{ a: [1, 2, 3] }, { a: [1, 2] }, false],
    [{ a: [2, 1] }, { a: [1, 2] }, false],
    [{ a: null }, { a: {} }, false],
    [undefined, { a: 1 }, false],
  ])('%j holds %j: %s', (current, wanted, expected) => {
    expect(contains(current, wanted)).toBe(expected);
  });

  it('names the keys that differ', () => {
    expect(differingKeys({ a: 1, b: 2, c: 3 }, { a: 1, b: 3, d: 4 })).toEqual(['b', 'd']);
  });
});

describe('the mark', () => {
  it('is put once, at the end', () => {
    expect(marked('text')).toBe('text (made by idv-dropoff)');
    expect(marked(marked('text'))).toBe(marked('text'));
    expect(marked('')).toBe('(made by idv-dropoff)');
  });

  it.each([
    ['text', false],
    [undefined, false],
    ['text (made by idv-dropoff)', true],
    [PROJECT_DESCRIPTION, true],
  ])('in %j: %s', (text, expected) => {
    expect(isMarked(text)).toBe(expected);
  });

  it('fits where SLS lets it stand', () => {
    expect(PROJECT_DESCRIPTION.length).toBeLessThanOrEqual(64);
    expect(PROJECT_DESCRIPTION).not.toMatch(/[<>'"\\`]/);
  });
});

describe('the documents', () => {
  const { dashboards, savedSearches, alerts } = collectDocuments({
    project: 'idv-test',
    region: 'ap-southeast-1',
    alertReceiver: 'policy-1',
  });
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

  it('are these', () => {
    expect(dashboards.map(({ dashboardName }) => dashboardName)).toEqual(['idv-drop-off', 'idv-operations']);
    expect(savedSearches.map(({ savedsearchName }) => savedsearchName)).toEqual([
      'idv-view',
      'idv-lost',
      'idv-no-answer',
      'idv-timeline',
    ]);
    expect(alerts.map(({ name }) => name)).toEqual([
      'idv-residual',
      'idv-no-run',
      'idv-run-failed',
      'idv-upstream-down',
      'idv-forbidden',
      'idv-invalid-cursor',
      'idv-lag',
      'idv-near-end',
      'idv-throttled',
      'idv-interrupted-up',
      'idv-camera-refused-up',
      'idv-unknown-values',
    ]);
  });

  // The SDK's models drop what they do not know: nothing of ours may get lost that way.
  it.each(dashboards.map((document) => [document.dashboardName, document] as const))(
    'dashboard %s passes the SDK whole',
    (_name, document) => {
      expect(plain(new sdk.Dashboard({ ...document }).toMap())).toEqual(plain(document));
    },
  );

  it.each(alerts.map((document) => [document.name, document] as const))(
    'alert %s passes the SDK whole',
    (_name, document) => {
      expect(
        plain(
          new sdk.CreateAlertRequest({
            ...document,
            configuration: new sdk.AlertConfiguration(document.configuration),
            schedule: new sdk.Schedule(document.schedule),
          }).toMap(),
        ),
      ).toEqual(plain(document));
    },
  );

  it.each(savedSearches.map((document) => [document.savedsearchName, document] as const))(
    'saved search %s passes the SDK whole',
    (_name, document) => {
      expect(plain(new sdk.CreateSavedSearchRequest({ ...document }).toMap())).toEqual(plain(document));
    },
  );
});
