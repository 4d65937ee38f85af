import { describe, expect, it } from '@jest/globals';
import { CODES } from '../../../../shared/record/codes.ts';
import { tellWithoutLog } from '../../../../shared/record/story.ts';
import { CAUSE_WORDS, CONFIDENCE_WORDS, STAGE_WORDS } from '../../../../shared/record/value-words.ts';
import { JUDGED, statistics } from './judged-sessions.ts';
import { recordOf } from './record-of.ts';

const told = (result: unknown) => {
  const { story, story_zh: zh } = recordOf(result).record;
  return [story, zh];
};

describe('stories', () => {
  it.each([
    [
      'finished and passed, with friction',
      {
        VerifyStatus: '0',
        Passed: 'Y',
        SubCode: '200',
        VerifyErrorCode: '1000',
        LogStatisticsInfo: statistics(
          { LOADING: 1_615, FACE: 118_400 },
          {
            ocrOverTimes: 2,
            ocrEditTimes: 1,
            ocrEditOverTimes: 2,
            faceOverTimes: 1,
            hasOcrPermissionRefuse: true,
            hasFacePermissionRefuse: true,
          },
        ),
      },
      'Finished and passed, with 2 retries of the document capture, 1 correction of the recognised data, 2 retries of the correction, 1 liveness retry, the camera refused in the document step and the camera refused in the liveness step, after 2 min 0 s on the pages.',
      '认证完成并通过，期间证件拍摄重试2次、识别结果修改1次、修改重试2次、活体检测重试1次、证件步骤拒绝相机权限、活体步骤拒绝相机权限，页面停留共2分0秒。',
    ],
    ['finished and passed', { VerifyStatus: '0', Passed: 'Y' }, 'Finished and passed.', '认证完成并通过。'],
    [
      'finished, not passed',
      { VerifyStatus: '0', Passed: 'N', SubCode: '204' },
      'Finished and not passed (sub code 204).',
      '认证完成但未通过（子结果码204）。',
    ],
    [
      'finished, not passed, no sub code',
      { VerifyStatus: '0', Passed: 'N' },
      'Finished and not passed.',
      '认证完成但未通过。',
    ],
    [
      'finished, no decision',
      { VerifyStatus: '0' },
      'Finished, with no decision in the data. No code says how it ended; the data does not say why.',
      '认证完成，数据中没有结论。没有错误码说明如何结束；数据未说明原因。',
    ],
    [
      'finished, contradicted',
      { VerifyStatus: '0', Passed: 'Y', VerifyErrorCode: '1006' },
      'Finished and passed. It ended with code 1006 (the user exited); 1 contradiction in the data.',
      '认证完成并通过。结束时错误码为1006（用户退出）；数据中有1处矛盾。',
    ],
    [
      'never opened',
      { VerifyStatus: '2' },
      'Never started: neither time on a page nor a log line is on record. No code came with it; likely cause: never opened, high confidence; what could help: sending the link again.',
      '未开始认证：没有页面停留或日志记录。没有错误码；可能原因：从未打开，可信度高；可以尝试：再次发送链接。',
    ],
    [
      'never opened, yet active',
      { VerifyStatus: '2', VerifyErrorCode: '1006', InterruptPageEn: 'GUIDE' },
      'Marked as never started, though page times, log lines or a later page are on record. It ended with code 1006 (the user exited); likely cause: never opened, low confidence; 1 contradiction in the data; what could help: sending the link again.',
      '状态为未开始认证，但有页面停留、日志或后续页面的记录。结束时错误码为1006（用户退出）；可能原因：从未打开，可信度低；数据中有1处矛盾；可以尝试：再次发送链接。',
    ],
    [
      'left on a page with a Chinese name',
      {
        VerifyStatus: '1',
        VerifyErrorCode: '1006',
        InterruptPage: '活体检测重试',
        InterruptPageEn: 'FACE',
        LogStatisticsInfo: statistics({ FACE: 59_999 }, { faceOverTimes: 2 }),
      },
      'Got as far as the liveness check, with 2 liveness retries; last page: liveness retry page, 60.0 s on that stage. It ended with code 1006 (the user exited); likely cause: captures that failed, medium confidence; what could help: showing how to hold still and find light, or another way to verify.',
      '最远到达活体检测阶段，期间活体检测重试2次，最后页面：活体检测重试，该阶段停留60.0秒。结束时错误码为1006（用户退出）；可能原因：拍摄未成功，可信度中；可以尝试：提示保持稳定和光线充足，或提供其他认证方式。',
    ],
    [
      'left on a page with an English name only',
      {
        VerifyStatus: '1',
        VerifyErrorCode: '1005',
        InterruptPageEn: 'NFC_READ',
        LogStatisticsInfo: statistics({ NFC_READ: 60_000 }),
      },
      'Got as far as the NFC reading; last page: the NFC reading, 1 min 0 s on that stage. It ended with code 1005 (network error); likely cause: the network, high confidence; what could help: an invitation for when the connection is better.',
      '最远到达NFC读取阶段，最后页面：NFC读取阶段，该阶段停留1分0秒。结束时错误码为1005（网络错误）；可能原因：网络，可信度高；可以尝试：在网络较好时再次邀请。',
    ],
    [
      'left on a page nobody knows',
      { VerifyStatus: '1', VerifyErrorCode: '1099', InterruptPage: '掌纹' },
      'Started and not finished; how far it got is not on record; last page: 掌纹. It ended with code 1099 (not documented); the data does not say why.',
      '已开始但未完成，未记录到达的位置，最后页面：掌纹。结束时错误码为1099（文档未列出）；数据未说明原因。',
    ],
    [
      'an English page nobody knows',
      { VerifyStatus: '1', InterruptPageEn: 'PALM' },
      'Started and not finished; how far it got is not on record; last page: PALM. No code says how it ended; the data does not say why.',
      '已开始但未完成，未记录到达的位置，最后页面：PALM。没有错误码说明如何结束；数据未说明原因。',
    ],
    [
      'no status',
      {},
      'The answer has no status. No code says how it ended; the data does not say why.',
      '应答中没有认证状态。没有错误码说明如何结束；数据未说明原因。',
    ],
    [
      'an unknown status',
      {
        VerifyStatus: '7',
        VerifyErrorCode: '1006',
        InterruptPageEn: 'GUIDE',
        LogStatisticsInfo: statistics({ GUIDE: 0 }, { ocrOverTimes: 1 }),
      },
      'The status 7 is not documented, with 1 retry of the document capture; last page: the guide page, 0.0 s on that stage. It ended with code 1006 (the user exited); likely cause: the person left, low confidence; what could help: an invitation to go on.',
      '认证状态7不在文档所列之内，期间证件拍摄重试1次，最后页面：引导页面，该阶段停留0.0秒。结束时错误码为1006（用户退出）；可能原因：用户离开，可信度低；可以尝试：邀请用户继续。',
    ],
    [
      'left after three tasks',
      {
        VerifyStatus: '1',
        VerifyErrorCode: '1006',
        InterruptPage: '活体检测引导页面',
        InterruptPageEn: 'GUIDE',
        LogStatisticsInfo: statistics(
          { LOADING: 900, OCR_SCAN: 9_000, OCR_RESULT: 3_000, NFC_INPUT: 0 },
          { ocrOverTimes: 1 },
        ),
        LogInfoEn: ['2025-03-21 10:31:25 NFC_READ_ENTER', '2025-03-21 10:31:42 FACE_ENTER'],
      },
      'Passed the document capture, the check of the recognised data and the NFC reading, got as far as the liveness check, with 1 retry of the document capture; last page: liveness guide page. It ended with code 1006 (the user exited); likely cause: the person left, medium confidence; what could help: an invitation to go on.',
      '已通过证件拍摄阶段、识别结果确认阶段、NFC读取阶段，最远到达活体检测阶段，期间证件拍摄重试1次，最后页面：活体检测引导页面。结束时错误码为1006（用户退出）；可能原因：用户离开，可信度中；可以尝试：邀请用户继续。',
    ],
    [
      'pages at odds',
      { VerifyStatus: '1', VerifyErrorCode: '1016', InterruptPage: 'OCR相机授权', InterruptPageEn: 'FACE' },
      'Got as far as the liveness check; last page: OCR camera authorization page (the English field says FACE). It ended with code 1016 (camera permission not given); likely cause: camera permission, high confidence; 1 contradiction in the data; what could help: saying before the prompt what the camera is for and how to allow it.',
      '最远到达活体检测阶段，最后页面：OCR相机授权（英文字段为FACE）。结束时错误码为1016（未获取到相机权限）；可能原因：相机权限，可信度高；数据中有1处矛盾；可以尝试：在弹出授权前说明相机用途及开启方法。',
    ],
  ])('%s', (_name, result, english, chinese) => {
    expect(told(result)).toEqual([english, chinese]);
  });

  it.each([
    [
      undefined,
      '',
      'No session log: the service gave no usable answer (attempts unknown).',
      '没有认证日志：服务未给出可用应答（查询次数未知）。',
    ],
    [
      1,
      'TIMEOUT',
      'No session log: the service gave no usable answer (code TIMEOUT, 1 attempt).',
      '没有认证日志：服务未给出可用应答（返回码TIMEOUT，查询1次）。',
    ],
    [
      8,
      'TIMEOUT',
      'No session log: the service gave no usable answer (code TIMEOUT, 8 attempts).',
      '没有认证日志：服务未给出可用应答（返回码TIMEOUT，查询8次）。',
    ],
  ])('without an answer after %s attempts', (attempt, code, english, chinese) => {
    expect(tellWithoutLog('gave_up', code, attempt)).toEqual({ story: english, story_zh: chinese });
  });

  it.each<[Parameters<typeof tellWithoutLog>[0], string, string]>([
    ['not_completed', 'the service still calls the session not completed', '服务仍返回认证未完成'],
    ['invalid', 'the transaction cannot be asked about', '该事务无法查询'],
    ['expired', 'the transaction is older than logs are kept', '该事务已超过日志保存期'],
  ])('without an answer, %s', (disposition, english, chinese) => {
    const story = tellWithoutLog(disposition, 'C', 2);
    expect(story.story).toBe(`No session log: ${english} (code C, 2 attempts).`);
    expect(story.story_zh).toBe(`没有认证日志：${chinese}（返回码C，查询2次）。`);
  });

  it('are one or two sentences in each language, whatever the session', () => {
    for (const { result } of JUDGED) {
      const [english = '', chinese = ''] = told(result);
      expect(english.match(/\.(?: |$)/g)?.length).toBeLessThanOrEqual(2);
      expect(english).toMatch(/^[A-Z].*\.$/);
      expect(chinese.match(/。/g)?.length).toBeLessThanOrEqual(2);
      expect(chinese).toMatch(/。$/);
    }
  });

  it('have words for everything, none of them twice', () => {
    const [stages, causes] = [Object.values(STAGE_WORDS), Object.values(CAUSE_WORDS)];
    for (const language of ['en', 'zh'] as const) {
      for (const values of [
        stages.map(({ label }) => label[language]),
        stages.map(({ inStory }) => inStory[language]),
        causes.map(({ label }) => label[language]),
        causes.map(({ inStory }) => inStory[language]),
        causes.flatMap(({ help }) => help?.[language] ?? []),
        Object.values(CONFIDENCE_WORDS).map((words) => words[language]),
      ]) {
        expect(values.every((value) => value.length > 0)).toBe(true);
        expect(new Set(values).size).toBe(values.length);
      }
    }
    const withoutHelp = Object.entries(CAUSE_WORDS).filter(([, { help }]) => help === undefined);
    expect(withoutHelp.map(([cause]) => cause)).toEqual(['passed', 'rejected', 'unknown']);
    for (const language of ['en', 'zh'] as const) {
      expect(new Set(Object.values(CODES).map((code) => code[language])).size).toBe(
        Object.keys(CODES).length,
      );
    }
  });
});
