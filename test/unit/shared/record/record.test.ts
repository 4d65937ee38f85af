import { describe, expect, it } from '@jest/globals';
import { toRecord } from '../../../../shared/record/to-record.ts';
import { EN_LINES, OFFICIAL_RESULT, ZH_LINES } from './official-example.ts';
import { INPUT, recordOf } from './record-of.ts';

describe('the official example', () => {
  it('has the columns that the documents give', () => {
    const { record } = recordOf(OFFICIAL_RESULT);
    expect(record).toMatchObject({
      transaction_id: 'hksb7ba1b28130d24e015d694361bee4',
      merchant_biz_id: 'e0c34a77f5ac40a5aa5e6ed20c353888',
      source: 'sweep',
      attempt: 1,
      region: 'ap-southeast-1',
      request_id: '4EB35A30-5FD9-1B8E-8D9A-0D9A3C87EBA1',
      labels: '{"app_version":"3.2.0","platform":"android"}',
      initialized_at_ms: 1_742_524_200_000,
      registered_at_ms: 1_742_524_201_000,
      asked_at_ms: 1_742_526_100_000,
      final: 'true',
      disposition: 'answered',
      code: 'Success',
      journey: 'interrupted',
      passed: 'Y',
      sub_code: '200',
      verify_error_code: '1001',
      stage: 'LOADING',
      stage_reached: 7,
      interrupt_page: 'OCR拍摄证件页面',
      interrupt_page_en: 'LOADING',
      stay_loading_ms: 1615,
      stay_ocr_scan_ms: 37446,
      stay_ocr_result_ms: 1338,
      stay_face_ms: 8707,
      stay_total_ms: 49106,
      span_ms: 47000,
      hidden_ms: 0,
      face_retries: 0,
      ocr_retries: 1,
      ocr_edits: 1,
      ocr_edit_retries: 0,
      face_permission_refused: 'false',
      ocr_permission_refused: 'false',
      permission_outcome: 'none',
      log_coverage: 'full',
      event_count: 21,
      events_truncated: 'false',
      unknown_count: 0,
      raw_truncated: 'false',
    });
    for (const absent of [
      'stay_guide_ms',
      'stay_nfc_input_ms',
      'stay_nfc_read_ms',
      'unknown_values',
      'recoverable',
    ]) {
      expect(record).not.toHaveProperty(absent);
    }
  });

  it('names its contradictions and dares no cause', () => {
    const { record } = recordOf(OFFICIAL_RESULT);
    expect(record.cause).toBe('unknown');
    expect(record.cause_confidence).toBe('low');
    expect(JSON.parse(record.cause_evidence ?? '')).toEqual({
      journey: 'interrupted',
      verify_error_code: '1001',
      passed: 'Y',
    });
    expect(record.contradictions?.split(',').sort()).toEqual([
      'pages_disagree',
      'passed_disagrees_with_code',
      'passed_without_finish',
      'stays_exceed_span',
      'sub_code_without_finish',
      'unfinished_with_result_code',
    ]);
    expect(record.contradiction_count).toBe(6);
  });

  it('has its 15 Chinese and 6 English lines in order', () => {
    const { record, events } = recordOf(OFFICIAL_RESULT);
    const shown = events.map((event) => `${event.lang} ${event.seq} ${event.logged_at} ${event.text}`);
    expect(shown).toEqual([
      ...ZH_LINES.map((line, index) => `zh ${index + 1} ${line}`),
      ...EN_LINES.map((line, index) => `en ${index + 1} ${line}`),
    ]);
    for (const event of events) {
      expect(event).toMatchObject({
        transaction_id: record.transaction_id,
        revision: record.revision,
        final: 'true',
      });
    }
  });

  it('classifies each line', () => {
    const { events } = recordOf(OFFICIAL_RESULT);
    expect(events.map((event) => `${event.kind} ${event.stage} ${event.gap_ms ?? '-'}`)).toEqual([
      'exit LOADING -',
      'enter OCR_SCAN 0',
      'click OCR_SCAN 14000',
      'click OCR_SCAN 0',
      'popup OCR_SCAN 3000',
      'retry OCR_SCAN 1000',
      'popup OCR_SCAN 0',
      'click OCR_SCAN 16000',
      'click OCR_SCAN 0',
      'exit OCR_SCAN 3000',
      'enter OCR_RESULT 0',
      'click OCR_RESULT 1000',
      'exit OCR_RESULT 1000',
      'enter FACE 0',
      'exit FACE 8000',
      'enter LOADING -',
      'exit LOADING 0',
      'enter GUIDE 14000',
      'exit GUIDE 0',
      'enter FACE 3000',
      'exit FACE 1000',
    ]);
  });

  it('keeps the Result', () => {
    const { record } = recordOf(OFFICIAL_RESULT);
    expect(JSON.parse(record.raw ?? '')).toEqual(OFFICIAL_RESULT);
    expect(record.raw_bytes).toBe(Buffer.byteLength(JSON.stringify(OFFICIAL_RESULT)));
  });

  it('tells its story in both languages', () => {
    const { record } = recordOf(OFFICIAL_RESULT);
    expect(record.story).toBe(
      'Passed the check of the recognised data, got as far as the liveness check, with 1 retry of the document capture and 1 correction of the recognised data; last page: OCR document capture page (the English field says LOADING), 37.4 s on that stage. It ended with code 1001 (face step done, no pass suggested); the data does not say why; 6 contradictions in the data.',
    );
    expect(record.story_zh).toBe(
      '已通过识别结果确认阶段，最远到达活体检测阶段，期间证件拍摄重试1次、识别结果修改1次，最后页面：OCR拍摄证件页面（英文字段为LOADING），该阶段停留37.4秒。结束时错误码为1001（完成刷脸，建议不通过）；数据未说明原因；数据中有6处矛盾。',
    );
  });
});

describe('a record without an answer', () => {
  it.each([
    ['not_completed', 'ProcessNotCompleted', 4, 'still calls the session not completed', '4 attempts'],
    ['invalid', 'TransactionIdInvalid', 1, 'cannot be asked about', '1 attempt)'],
    ['expired', 'InternalError', 1, 'older than logs are kept', 'code InternalError'],
    ['gave_up', 'TIMEOUT', 8, 'gave no usable answer', 'code TIMEOUT'],
  ] as const)('%s has standing and story, no cause', (disposition, code, attempt, said, more) => {
    const { record, events } = toRecord({ ...INPUT, disposition, code, attempt });
    expect(events).toEqual([]);
    expect(record).toMatchObject({ disposition, code, attempt, final: 'true' });
    expect(record.view_key).toMatch(/^211742526100000[0-9a-f]{32}$/);
    expect(record.story).toContain(said);
    expect(record.story).toContain(more);
    expect(record.story_zh).toContain(code);
    for (const absent of [
      'journey',
      'cause',
      'stage_reached',
      'event_count',
      'raw',
      'raw_bytes',
      'raw_truncated',
    ]) {
      expect(record).not.toHaveProperty(absent);
    }
  });

  it('keeps a pending row that could not be read', () => {
    const raw = { transaction_id: '', attempt: 'x\ud800' };
    const { record } = toRecord({
      ...INPUT,
      transactionId: 'row:0|MTA=|3',
      disposition: 'invalid',
      code: 'unreadable',
      raw,
    });
    expect(record.transaction_id).toBe('row:0|MTA=|3');
    expect(JSON.parse(record.raw ?? '')).toEqual(raw);
    expect(record.raw_bytes).toBe(Buffer.byteLength(record.raw ?? ''));
  });

  it('reads no Result that comes with another disposition, but keeps it', () => {
    const { record } = recordOf(OFFICIAL_RESULT, { disposition: 'gave_up', code: 'CONTRACT' });
    expect(record).not.toHaveProperty('journey');
    expect(JSON.parse(record.raw ?? '')).toEqual(OFFICIAL_RESULT);
    expect(record.revision).toBe(
      toRecord({ ...INPUT, disposition: 'gave_up', code: 'CONTRACT' }).record.revision,
    );
  });
});

describe('standing', () => {
  it('is provisional before the wait is over, and says so', () => {
    const { record, events } = recordOf(OFFICIAL_RESULT, { final: false });
    expect(record.final).toBe('false');
    expect(record.view_key?.startsWith('1')).toBe(true);
    expect(record.story).toMatch(/^Provisional: Passed the check/);
    expect(record.story_zh).toMatch(/^暂定：/);
    expect(new Set(events.map((event) => event.final))).toEqual(new Set(['false']));
    expect(record.revision).toBe(recordOf(OFFICIAL_RESULT).record.revision);
  });

  it('an answer without a Result is answered all the same', () => {
    for (const result of [undefined, null]) {
      const { record, events } = recordOf(result);
      expect(record).toMatchObject({
        journey: 'unknown:',
        cause: 'unknown',
        log_coverage: 'none',
        event_count: 0,
      });
      expect(record.raw).toBe(result === null ? 'null' : undefined);
      expect(record.unknown_count).toBe(0);
      expect(events).toEqual([]);
    }
  });
});

describe('identity', () => {
  it('leaves out what is not known or impossible', () => {
    const { record } = toRecord({
      transactionId: 't',
      merchantBizId: '',
      requestId: '',
      labels: {},
      source: 'lookup',
      attempt: -1,
      region: 'cn-hongkong',
      initializedAtMs: Number.NaN,
      registeredAtMs: Number.POSITIVE_INFINITY,
      askedAtMs: 5.5,
      final: true,
      disposition: 'answered',
      code: 'Success',
      result: {},
    });
    for (const absent of [
      'merchant_biz_id',
      'request_id',
      'labels',
      'attempt',
      'initialized_at_ms',
      'registered_at_ms',
    ]) {
      expect(record).not.toHaveProperty(absent);
    }
    expect(record.asked_at_ms).toBe(5);
  });

  it.each([
    ['sorted', { b: '1', a: 'x' }, '{"a":"x","b":"1"}'],
    ['as given, when text', '{"z":"1","a":"2"}', '{"z":"1","a":"2"}'],
    ['storable', 'a\0b\ud800', 'a\ufffdb\ufffd'],
    ['absent, when empty', '', undefined],
    ['absent, when an empty object', {}, undefined],
    ['absent, when longer than an index takes', `"${'x'.repeat(20_000)}"`, undefined],
    ['whole, when long', `"${'x'.repeat(16_382)}"`, `"${'x'.repeat(16_382)}"`],
    ['absent, when null', null as unknown as string, undefined],
  ])('writes labels %s', (_name, labels, expected) => {
    expect(recordOf({}, { labels }).record.labels).toBe(expected);
  });

  it('replaces what no log store takes', () => {
    const { record } = recordOf(
      { VerifyErrorCode: '\ud800\0' },
      { transactionId: 'a\ud800', merchantBizId: '\0', requestId: '\udc00', code: 'C\0' },
    );
    expect(record).toMatchObject({
      transaction_id: 'a\ufffd',
      merchant_biz_id: '\ufffd',
      request_id: '\ufffd',
      code: 'C\ufffd',
      verify_error_code: '\ufffd\ufffd',
    });
    expect(JSON.parse(record.raw ?? '')).toEqual({ VerifyErrorCode: '\ud800\0' });
  });
});

describe('raw', () => {
  const sized = (bytes: number) => ({ ExtInfo: 'x'.repeat(bytes - JSON.stringify({ ExtInfo: '' }).length) });

  it('is whole at 256 KB and left out above', () => {
    const fits = recordOf(sized(262_144)).record;
    expect(fits.raw).toHaveLength(262_144);
    expect(fits).toMatchObject({ raw_bytes: 262_144, raw_truncated: 'false' });
    const over = recordOf(sized(262_145)).record;
    expect(over).not.toHaveProperty('raw');
    expect(over).toMatchObject({ raw_bytes: 262_145, raw_truncated: 'true', cause: 'unknown' });
  });

  it('is measured in bytes, not characters', () => {
    const { record } = recordOf({ ExtInfo: '页'.repeat(90_000) });
    expect(record).not.toHaveProperty('raw');
    expect(record.raw_bytes).toBe(270_000 + 14);
  });
});

describe('values that are not JSON', () => {
  const throwing = (times: number) => {
    let reads = 0;
    return {
      get VerifyStatus() {
        reads += 1;
        if (reads > times) throw new Error('no more');
        return '1';
      },
      LogInfo: ['2025-03-21 10:31:25 FACE_ENTER'],
    };
  };
  const circular: Record<string, unknown> = { VerifyStatus: '1' };
  circular.self = circular;
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();

  it.each([
    ['a getter that always throws', throwing(0), 'unknown:', 1],
    ['a getter that throws the second time', throwing(1), 'interrupted', 1],
    ['a circle', circular, 'interrupted', 0],
    ['a revoked proxy', revoked.proxy, 'unknown:', 0],
    ['a function', () => 0, 'unknown:', 0],
    ['a symbol', Symbol('x'), 'unknown:', 0],
    ['a bigint', 12n, 'unknown:', 0],
    ['bigints as members', { VerifyStatus: 1n, LogInfo: 5n }, 'interrupted', 1],
  ])('%s makes a record', (_name, result, journey, events) => {
    const output = recordOf(result);
    expect(output.record.journey).toBe(journey);
    expect(output.events).toHaveLength(events);
    expect(() => JSON.parse(output.record.raw ?? '')).not.toThrow();
  });
});
