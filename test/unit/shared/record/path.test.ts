import { describe, expect, it } from '@jest/globals';
import { toRecord } from '../../../../shared/record/to-record.ts';
import { OFFICIAL_RESULT } from './official-example.ts';
import { INPUT, recordOf } from './record-of.ts';

/** The pages somebody is known to have been on, and what is no evidence of it. */
function pathOf(result: unknown): string[] {
  const { record } = recordOf(result);
  return Object.entries(record)
    .filter(([column]) => column.startsWith('on_'))
    .map(([column, value]) => (value === 1 ? column.slice(3).toUpperCase() : `${column}=${value}`));
}

const INTERRUPTED = { VerifyStatus: '1', VerifyErrorCode: '1006' };
const stays = (info: object) => ({ LogStatisticsInfo: JSON.stringify({ pageStayTimeInfo: info }) });

describe('on_<stage>', () => {
  it('is there for each page of the official example', () => {
    expect(pathOf(OFFICIAL_RESULT)).toEqual(['LOADING', 'GUIDE', 'OCR_SCAN', 'OCR_RESULT', 'FACE']);
  });

  it.each([
    ['a page stay', { VerifyStatus: '0', ...stays({ NFC_READ: '12' }) }, ['NFC_READ']],
    ['a line of the log', { VerifyStatus: '0', LogInfoEn: ['2026-11-20 10:00:00 FACE_ENTER'] }, ['FACE']],
    ['the English last page', { ...INTERRUPTED, InterruptPageEn: 'NFC_INPUT' }, ['NFC_INPUT']],
    ['the Chinese last page', { ...INTERRUPTED, InterruptPage: 'OCR识别结果编辑页面' }, ['OCR_RESULT']],
    [
      'the loading page of a session that was broken off',
      { ...INTERRUPTED, InterruptPage: '页面未启动' },
      ['LOADING'],
    ],
  ])('follows from %s', (_, result, path) => {
    expect(pathOf(result)).toEqual(path);
  });

  it.each([
    ['a later stage', { VerifyStatus: '0', ...stays({ FACE: '5000' }) }, ['FACE']],
    ['the end', { VerifyStatus: '0', Passed: 'Y' }, []],
    ['a stay of 0', { VerifyStatus: '0', ...stays({ OCR_SCAN: '0' }) }, []],
    ['a page nobody knows', { ...INTERRUPTED, InterruptPageEn: 'VIDEO_CALL' }, []],
    [
      'the loading page of a session that was never opened',
      { VerifyStatus: '2', InterruptPage: '页面未启动', InterruptPageEn: 'LOADING' },
      [],
    ],
    ['the loading page with a status nobody knows', { VerifyStatus: '7', InterruptPageEn: 'LOADING' }, []],
  ])('does not follow from %s', (_, result, path) => {
    expect(pathOf(result)).toEqual(path);
  });
});

describe('path_version', () => {
  it('tells a row whose pages were looked for from one of before', () => {
    expect(recordOf({ VerifyStatus: '2' }).record.path_version).toBe(1);
  });

  it('is not on a row without an answer', () => {
    const { record } = toRecord({ ...INPUT, disposition: 'gave_up', code: 'TIMEOUT' });
    expect(record).not.toHaveProperty('path_version');
  });
});

describe('the revision', () => {
  it('is that of a row written before there were pages: it is made of id and Result', () => {
    expect(recordOf(OFFICIAL_RESULT).record.revision).toBe('1d02416498a4df6a8440feed99a7b41c');
  });
});
