import { describe, expect, it } from '@jest/globals';
import { readJournal, toEventRows } from '../../../../shared/record/journal.ts';
import { meaningOf } from '../../../../shared/record/line-meaning.ts';
import { eachLogLine, type LogLine } from '../../../../shared/record/log-lines.ts';
import { EN_LINES, ZH_LINES } from './official-example.ts';

const IDENTITY = { transaction_id: 't', revision: 'r', final: 'true' };
const readLogLines = (value: unknown) => {
  const lines: LogLine[] = [];
  eachLogLine(value, (line) => lines.push(line));
  return lines;
};
const shown = (value: unknown) => readLogLines(value).map((line) => [line.loggedAt, line.text]);

describe('the two forms of a log', () => {
  it('reads one line per element and one packed element alike', () => {
    const plain = readLogLines(ZH_LINES);
    expect(plain).toHaveLength(15);
    expect(plain.map((line) => `${line.loggedAt} ${line.text}`)).toEqual(ZH_LINES);
    expect(readLogLines([JSON.stringify(ZH_LINES)])).toEqual(plain);
    expect(readLogLines([` \n${JSON.stringify(ZH_LINES, null, 2)}\n`])).toEqual(plain);
    expect(readLogLines(JSON.stringify(ZH_LINES))).toEqual(plain);
    expect(readLogLines([ZH_LINES])).toEqual(plain);
    expect(readLogLines(ZH_LINES.join('\r\n'))).toEqual(plain);
    expect(readLogLines([ZH_LINES.join('\n')])).toEqual(plain);
    expect(readLogLines([JSON.stringify(ZH_LINES.slice(0, 4)), ...ZH_LINES.slice(4)])).toEqual(plain);
  });

  it.each([[undefined], [null], [''], [[]], [['', ' ', '\r\n']], ['[]'], [['[]', '[""]']]])(
    '%j has no lines',
    (value) => {
      expect(readLogLines(value)).toEqual([]);
    },
  );

  it.each([
    [['no time at all'], [[undefined, 'no time at all']]],
    [['[not json'], [[undefined, '[not json']]],
    [['{"a":1}'], [[undefined, '{"a":1}']]],
    [
      [5, null, { b: 2, a: 1 }],
      [
        [undefined, '5'],
        [undefined, 'null'],
        [undefined, '{"a":1,"b":2}'],
      ],
    ],
    [
      ['[1,{"a":2}]'],
      [
        [undefined, '1'],
        [undefined, '{"a":2}'],
      ],
    ],
    [{ a: 1 }, [[undefined, '{"a":1}']]],
    [7, [[undefined, '7']]],
    [['first\nsecond'], [[undefined, 'first\nsecond']]],
    [['2025-03-21 10:31:25'], [[undefined, '2025-03-21 10:31:25']]],
    [['2025-03-21 10:31:25LOADING'], [[undefined, '2025-03-21 10:31:25LOADING']]],
    [['2025-03-21 10:31:25+08:00 X'], [[undefined, '2025-03-21 10:31:25+08:00 X']]],
  ])('%j keeps what it cannot read', (value, lines) => {
    expect(shown(value)).toEqual(lines);
  });
});

describe('the time of a line', () => {
  const base = Date.UTC(2025, 2, 21, 10, 31, 25);

  const READABLE: readonly (readonly [line: string, offsetMs: number])[] = [
    ['2025-03-21 10:31:25 X', 0],
    ['2025-03-21T10:31:25 X', 0],
    ['  2025-03-21 10:31:25\tX\r', 0],
    ['2025-03-21 10:31:25   X', 0],
    ['2025-03-21 10:31:25.7 X', 700],
    ['2025-03-21 10:31:25.123 X', 123],
    ['2025-03-21 10:31:25,123456 X', 123],
    ['2025-03-21 10:31:25.123456789 X', 123],
    ['2025-03-21 10:31:24 X', -1000],
    ['2025-03-21 00:00:00 X', -(10 * 3600 + 31 * 60 + 25) * 1000],
    ['2025-03-21 23:59:59 X', (13 * 3600 + 28 * 60 + 34) * 1000],
    ['2025-04-01 10:31:25 X', 11 * 86_400_000],
  ];

  it.each(READABLE)('%j is read', (line, offsetMs) => {
    const [read] = readLogLines([line]);
    expect(read?.text).toBe('X');
    expect(read?.atMs).toBe(base + offsetMs);
    expect(line).toContain(read?.loggedAt);
  });

  it.each(READABLE)('%j is a line of its own in an element of several', (line) => {
    const [alone] = readLogLines([line]);
    const first = readLogLines(['2025-03-20 09:00:00 W']);
    for (const end of ['\n', '\r\n']) {
      expect(readLogLines([`2025-03-20 09:00:00 W${end}${line.trim()}`])).toEqual([...first, alone]);
    }
    // What begins with no time goes on with the line before it.
    expect(readLogLines([`2025-03-20 09:00:00 W\nand ${line.trim()}`])).toHaveLength(1);
  });

  it.each(['2024-02-29', '2000-02-29', '2025-01-31', '2025-04-30', '2025-12-31', '0000-01-01'])(
    '%s is a day',
    (day) => {
      expect(readLogLines([`${day} 00:00:00 X`])[0]?.loggedAt).toBe(`${day} 00:00:00`);
    },
  );

  it.each([
    '2025-02-29 00:00:00',
    '1900-02-29 00:00:00',
    '2025-04-31 00:00:00',
    '2025-01-32 00:00:00',
    '2025-00-10 00:00:00',
    '2025-13-10 00:00:00',
    '2025-01-00 00:00:00',
    '2025-01-10 24:00:00',
    '2025-01-10 10:60:00',
    '2025-01-10 10:00:60',
    '2025/01/10 10:00:00',
    '2025-01/10 10:00:00',
    '2025-01-10_10:00:00',
    '2025-01-10 10.00:00',
    '2025-01-10 10:00.00',
    '202x-01-10 10:00:00',
    '2025-0x-10 10:00:00',
    '2025-01-1x 10:00:00',
    '2025-01-10 x0:00:00',
    '2025-01-10 10:0:000',
    '2025-01-10 10:00:0x',
    '2025-01-10 10:00:0:',
    '2025-01-10 10:00:/0',
    '20250110 100000',
  ])('%j is no time', (time) => {
    expect(shown([`${time} X`])).toEqual([[undefined, `${time} X`]]);
  });
});

describe('the meaning of a line', () => {
  /** Kind and stage only: what else a line says is no matter of these tables. */
  const kindAndStage = (text: string) => {
    const { kind, stage } = meaningOf(text);
    return { kind, stage };
  };

  it.each([
    ['Loading阶段结束', 'exit', 'LOADING'],
    ['用户进入引导页面', 'enter', 'GUIDE'],
    ['用户进入OCR引导页面', 'enter', 'GUIDE'],
    ['OCR引导阶段结束', 'exit', 'GUIDE'],
    ['用户进入OCR页面', 'enter', 'OCR_SCAN'],
    ['OCR认证阶段点击拍照按钮', 'click', 'OCR_SCAN'],
    ['OCR认证阶段点击重试按钮', 'click', 'OCR_SCAN'],
    ['OCR认证阶段中断重试', 'retry', 'OCR_SCAN'],
    ['OCR认证阶段重新拍摄', 'retry', 'OCR_SCAN'],
    ['OCR认证阶段弹窗重试', 'retry', 'OCR_SCAN'],
    ['OCR认证阶段重试弹窗弹出', 'popup', 'OCR_SCAN'],
    ['OCR认证阶段识别结果返回', 'other', 'OCR_SCAN'],
    ['用户进入OCR编辑页面', 'enter', 'OCR_RESULT'],
    ['OCR编辑阶段点击返回按钮', 'click', 'OCR_RESULT'],
    ['用户进入NFC信息录入页面', 'enter', 'NFC_INPUT'],
    ['NFC输入阶段结束', 'exit', 'NFC_INPUT'],
    ['用户进入NFC读取页面', 'enter', 'NFC_READ'],
    ['NFC读取阶段重试', 'retry', 'NFC_READ'],
    ['用户进入活体页面', 'enter', 'FACE'],
    ['用户进入活体检测重试页面', 'enter', 'FACE'],
    ['活体检测阶段中断弹窗弹出', 'popup', 'FACE'],
    ['活体检测阶段中断弹窗关闭', 'popup', 'FACE'],
    ['活体检测阶段中断重试', 'retry', 'FACE'],
    ['活体检测阶段开始', 'enter', 'FACE'],
    ['用户退出人脸页面', 'exit', 'FACE'],
    ['用户退出', 'exit', undefined],
    ['页面未启动', 'other', undefined],
    ['相机授权对话框展示', 'popup', undefined],
    ['初始化完成', 'exit', 'LOADING'],
    ['拍摄证件', 'other', 'OCR_SCAN'],
    ['阶段结束', 'exit', undefined],
    ['其他阶段进入OCR页面', 'enter', 'OCR_SCAN'],
  ])('Chinese: %s is %s of %s', (text, kind, stage) => {
    expect(kindAndStage(text)).toEqual({ kind, stage });
  });

  it.each([
    ['LOADING_ENTER', 'enter', 'LOADING'],
    ['LOADING_EXIT', 'exit', 'LOADING'],
    ['GUIDE_PAGE_SHOW', 'enter', 'GUIDE'],
    ['GUIDE_PAGE_LEAVE', 'exit', 'GUIDE'],
    ['OCR_GUIDE_SHOW', 'enter', 'GUIDE'],
    ['FACE_GUIDE_PAGE_LEAVE', 'exit', 'GUIDE'],
    ['OCR_SCAN_ENTER', 'enter', 'OCR_SCAN'],
    ['OCR_SCAN_EXIT', 'exit', 'OCR_SCAN'],
    ['OCR_SCAN_SUBMIT_CLICK', 'click', 'OCR_SCAN'],
    ['OCR_SCAN_RESULT_CLOSE', 'exit', 'OCR_SCAN'],
    ['OCR_SCAN_RETRY', 'retry', 'OCR_SCAN'],
    ['OCR_SCAN_RETRY_POPUP', 'popup', 'OCR_SCAN'],
    ['OCR_SCAN_POPUP_SHOW', 'popup', 'OCR_SCAN'],
    ['OCR_SCAN_DIALOG_CLOSE', 'popup', 'OCR_SCAN'],
    ['OCR_SCAN_DIALOG_RETRY', 'retry', 'OCR_SCAN'],
    ['OCR_SCAN_DIALOG_RETRY_CLICK', 'click', 'OCR_SCAN'],
    ['OCR_ENTER', 'enter', 'OCR_SCAN'],
    ['OCR_EDIT_ENTER', 'enter', 'OCR_RESULT'],
    ['OCR_RESULT_CONFIRM_CLICK', 'click', 'OCR_RESULT'],
    ['OCR_CONFIRM_SHOW', 'enter', 'OCR_RESULT'],
    ['OCR_RESULT_LOADING_SHOW', 'enter', 'OCR_RESULT'],
    ['NFC_INPUT_ENTER', 'enter', 'NFC_INPUT'],
    ['NFC_EDIT_SHOW', 'enter', 'NFC_INPUT'],
    ['NFC_READ_EXIT', 'exit', 'NFC_READ'],
    ['NFC_ENTER', 'enter', 'NFC_READ'],
    ['FACE_ENTER', 'enter', 'FACE'],
    ['FACE_EXIT', 'exit', 'FACE'],
    ['FACE_RETRY', 'retry', 'FACE'],
    ['FACE_RETRY_DONE', 'retry', 'FACE'],
    ['LIVENESS_START', 'enter', 'FACE'],
    ['FACES_ENTER', 'enter', undefined],
    ['ENTER_OCR_SCAN', 'enter', 'OCR_SCAN'],
    ['CLICK_FACE_BUTTON', 'click', 'FACE'],
    ['SHOW_LOADING_PAGE', 'enter', 'LOADING'],
    ['FACE', 'other', 'FACE'],
    ['face_exit', 'exit', 'FACE'],
    ['FACE EXIT', 'exit', 'FACE'],
    ['CONSTRUCTOR', 'other', undefined],
    ['SOMETHING_NEW', 'other', undefined],
    ['---', 'other', undefined],
    ['FACE_BUTTON_TAP', 'click', 'FACE'],
    ['FACE_BUTTON_CLICKED', 'click', 'FACE'],
    ['FACE_BUTTON_PRESS', 'click', 'FACE'],
    ['FACE_ALERT', 'popup', 'FACE'],
    ['FACE_MODAL_HIDE', 'popup', 'FACE'],
    ['FACE_RETRIES', 'retry', 'FACE'],
    ['OCR_SCAN_RETAKE', 'retry', 'OCR_SCAN'],
    ['FACE_BEGIN', 'enter', 'FACE'],
    ['GUIDE_OPEN', 'enter', 'GUIDE'],
    ['FACE_END', 'exit', 'FACE'],
    ['FACE_FINISH', 'exit', 'FACE'],
    ['FACE_QUIT', 'exit', 'FACE'],
    ['GUIDE_HIDE', 'exit', 'GUIDE'],
    ['NFC_CHIP_INPUT_SHOW', 'enter', 'NFC_INPUT'],
    ['OCR_DOCUMENT_RESULT_SHOW', 'enter', 'OCR_RESULT'],
  ])('codes: %s is %s of %s', (text, kind, stage) => {
    expect(kindAndStage(text)).toEqual({ kind, stage });
  });

  it('says the same the second time, and of a line too long to remember', () => {
    expect(meaningOf('FACE_EXIT')).toEqual(meaningOf('FACE_EXIT'));
    expect(kindAndStage(`FACE_EXIT ${'x'.repeat(1_000)} OCR`)).toEqual({ kind: 'exit', stage: 'FACE' });
    for (let index = 0; index < 3_000; index += 1) meaningOf(`FACE_${index}_RETRY`);
    expect(kindAndStage('FACE_2999_RETRY')).toEqual({ kind: 'retry', stage: 'FACE' });
  });
});

describe('the journal', () => {
  it('spans both logs', () => {
    const journal = readJournal(ZH_LINES, EN_LINES);
    expect(journal).toMatchObject({
      lineCount: 21,
      timedCount: 21,
      unreadCount: 0,
      spanMs: 47_000,
      outOfOrder: false,
      stages: new Set(['LOADING', 'OCR_SCAN', 'OCR_RESULT', 'FACE', 'GUIDE']),
    });
    expect(readJournal(undefined, ['2025-03-21 10:31:20 X', '2025-03-21 10:33:00 Y']).spanMs).toBe(100_000);
    expect(readJournal(ZH_LINES, ['2025-03-21 10:31:20 X', '2025-03-21 10:33:00 Y']).spanMs).toBe(100_000);
    expect(readJournal(ZH_LINES.slice(14), ZH_LINES.slice(0, 1)).spanMs).toBe(47_000);
  });

  it('has no span without a time, and one of 0 with one', () => {
    expect(readJournal(['x'], []).spanMs).toBeUndefined();
    expect(readJournal(['x'], []).unreadCount).toBe(1);
    expect(readJournal([], ['2025-03-21 10:31:20 X']).spanMs).toBe(0);
  });

  it('sees time run backwards in one log, not between the two', () => {
    const late = '2025-03-21 10:31:30 FACE_ENTER';
    const early = '2025-03-21 10:31:20 FACE_EXIT';
    expect(readJournal([late, early], []).outOfOrder).toBe(true);
    expect(readJournal([], [late, early]).outOfOrder).toBe(true);
    expect(readJournal([late], [early]).outOfOrder).toBe(false);
    expect(readJournal([late, late], []).outOfOrder).toBe(false);
    const rows = toEventRows(readJournal([late, 'unread', early, late], []), IDENTITY);
    expect(rows.map((row) => row.gap_ms)).toEqual([undefined, undefined, undefined, 10_000]);
  });

  it('does not classify a line whose time it cannot read', () => {
    const [row] = toEventRows(readJournal(['OCR认证阶段结束'], []), IDENTITY);
    expect(row).toStrictEqual({ ...IDENTITY, lang: 'zh', seq: 1, text: 'OCR认证阶段结束', kind: 'other' });
    expect(readJournal(['OCR认证阶段结束'], []).stages.size).toBe(0);
  });

  it('cuts a long text', () => {
    const [row] = toEventRows(readJournal([`2025-03-21 10:31:30 ${'x'.repeat(2_000)}`], []), IDENTITY);
    expect(row?.text).toBe(`${'x'.repeat(1_023)}…`);
  });
});

describe('very long logs', () => {
  const log = (howMany: number) =>
    Array.from({ length: howMany }, (_, index) => `2025-03-21 10:31:30 LINE_${index + 1}`);
  const kept = (zh: number, en: number) => {
    const rows = toEventRows(readJournal(log(zh), log(en)), IDENTITY);
    expect(rows.filter((row) => row.text !== `LINE_${row.seq}`)).toEqual([]);
    const of = (lang: string) => rows.filter((row) => row.lang === lang).map((row) => row.seq ?? 0);
    return { rows, zh: of('zh'), en: of('en') };
  };

  it.each([
    [2_000, 0, 2_000, 0],
    [0, 2_000, 0, 2_000],
    [1_000, 1_000, 1_000, 1_000],
    [2_001, 0, 2_000, 0],
    [0, 5_000, 0, 2_000],
    [5_000, 5_000, 1_000, 1_000],
    [5_000, 300, 1_700, 300],
    [300, 5_000, 300, 1_700],
    [1_500, 1_500, 1_000, 1_000],
  ])('of %i and %i lines keep %i and %i', (zh, en, zhKept, enKept) => {
    const { rows, ...seqs } = kept(zh, en);
    expect(seqs.zh).toHaveLength(zhKept);
    expect(seqs.en).toHaveLength(enKept);
    expect(rows).toHaveLength(zhKept + enKept);
  });

  it('keeps the beginning and the end, under their own numbers', () => {
    const { zh } = kept(5_000, 0);
    expect(zh.slice(0, 1_000)).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
    expect(zh.slice(1_000)).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 4_001));
    expect(kept(2_001, 0).zh.includes(1_001)).toBe(false);
  });
});
