import type { SessionLabels } from './session-types.ts';
import type { Fate } from './visit.ts';

/** A session that every seed contains, so that no documented page or code is left to luck. */
export interface Scenario {
  readonly labels: Partial<SessionLabels>;
  readonly fate: Fate | 'rejected' | 'not_started';
}

const ekyc = { product_code: 'eKYC' } as const;
const liveness = { product_code: 'FACE_LIVENESS' } as const;
const chip = { product_code: 'ID_NFC', platform: 'ios', os_version: '17', app_version: '3.6.1' } as const;
const oldAndroid = { platform: 'android', os_version: '7', app_version: '3.5.2' } as const;

export const SCENARIOS: readonly Scenario[] = [
  { labels: ekyc, fate: 'not_started' },
  { labels: ekyc, fate: 'rejected' },
  { labels: oldAndroid, fate: { page: 'unopened', code: '1015', cause: 'device' } },
  { labels: ekyc, fate: { page: 'unopened', code: '1003', cause: 'clock' } },
  { labels: liveness, fate: { page: 'unopened', code: '1009', cause: 'clock' } },
  { labels: ekyc, fate: { page: 'unopened', code: '1007', cause: 'transaction_invalid' } },
  { labels: ekyc, fate: { page: 'ocrGuide', code: '1006', cause: 'user_left' } },
  { labels: ekyc, fate: { page: 'ocrPermission', code: '1016', cause: 'camera_permission' } },
  { labels: ekyc, fate: { page: 'ocrShoot', code: '1011', cause: 'document', failures: 1 } },
  { labels: ekyc, fate: { page: 'ocrWait', code: '1005', cause: 'network' } },
  { labels: ekyc, fate: { page: 'ocrEdit', code: '1012', cause: 'document' } },
  { labels: ekyc, fate: { page: 'ocrEditWait', code: '1002', cause: 'vendor_error' } },
  { labels: chip, fate: { page: 'nfcInput', code: '1006', cause: 'user_left' } },
  { labels: chip, fate: { page: 'nfcRead', code: '1012', cause: 'document', failures: 2 } },
  { labels: liveness, fate: { page: 'faceGuide', code: '9999', cause: 'suspected_interruption' } },
  { labels: liveness, fate: { page: 'facePermission', code: '1004', cause: 'camera_permission' } },
  { labels: ekyc, fate: { page: 'faceShoot', code: '1013', cause: 'capture_quality', failures: 1 } },
  { labels: liveness, fate: { page: 'faceFallback', code: '1006', cause: 'user_left' } },
  { labels: ekyc, fate: { page: 'faceRetry', code: '1014', cause: 'retry_limit', failures: 5 } },
  { labels: liveness, fate: { page: 'faceWait', code: '1005', cause: 'network' } },
];
