import { type RecordInput, type RecordOutput, toRecord } from '../../../../shared/record/to-record.ts';

export const INPUT: RecordInput = {
  transactionId: 'hksb7ba1b28130d24e015d694361bee4',
  merchantBizId: 'e0c34a77f5ac40a5aa5e6ed20c353888',
  source: 'sweep',
  attempt: 1,
  region: 'ap-southeast-1',
  requestId: '4EB35A30-5FD9-1B8E-8D9A-0D9A3C87EBA1',
  labels: { platform: 'android', app_version: '3.2.0' },
  initializedAtMs: 1_742_524_200_000,
  registeredAtMs: 1_742_524_201_000,
  askedAtMs: 1_742_526_100_000,
  final: true,
  disposition: 'answered',
  code: 'Success',
};

/** The rows of an ordinary answered question, with the Result given. */
export function recordOf(result: unknown, more: Partial<RecordInput> = {}): RecordOutput {
  return toRecord({ ...INPUT, result, ...more });
}
