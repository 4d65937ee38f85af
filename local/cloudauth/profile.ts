import { type Random, weighted } from './random.ts';
import type { SessionLabels } from './session-types.ts';
import type { Fate } from './visit.ts';

/**
 * Who opens sessions. What the labels change, so that the charts have something to find:
 * - web: the camera is refused about four times as often, pages load slower, and the liveness page falls back
 * - Android 6 and 7: most sessions cannot start (1015); Android in general photographs documents worse
 * - app version 3.6.0: the liveness check fails more than twice as often as in the versions around it
 * - channel ads: people leave early, on the guide page
 * - country ID: the network breaks more often
 */
export function drawLabels(random: Random): SessionLabels {
  const platform = weighted(random, [
    ['android', 46],
    ['ios', 30],
    ['web', 24],
  ] as const);
  return {
    platform,
    os_version: weighted(random, OS_VERSIONS[platform]),
    app_version: weighted(random, APP_VERSIONS[platform]),
    channel: weighted(random, [
      ['organic', 42],
      ['ads', 26],
      ['referral', 20],
      ['partner', 12],
    ]),
    country: weighted(random, [
      ['SG', 30],
      ['HK', 22],
      ['ID', 18],
      ['MY', 14],
      ['TH', 9],
      ['PH', 7],
    ]),
    product_code: weighted(random, PRODUCTS[platform]),
  };
}

const OS_VERSIONS = {
  android: [
    ['6', 3],
    ['7', 5],
    ['10', 14],
    ['12', 26],
    ['13', 28],
    ['14', 24],
  ],
  ios: [
    ['15', 12],
    ['16', 30],
    ['17', 58],
  ],
  web: [
    ['chrome', 58],
    ['safari', 30],
    ['wechat', 12],
  ],
} as const;

const APP_VERSIONS = {
  android: [
    ['3.5.2', 44],
    ['3.6.0', 24],
    ['3.6.1', 32],
  ],
  ios: [
    ['3.5.2', 30],
    ['3.6.0', 22],
    ['3.6.1', 48],
  ],
  web: [['2.9.0', 1]],
} as const;

const NATIVE_PRODUCTS = [
  ['eKYC', 46],
  ['eKYC_PRO', 20],
  ['FACE_LIVENESS', 14],
  ['ID_NFC', 12],
  ['ID_OCR', 8],
] as const;

/** A browser reads no chip. */
const PRODUCTS = {
  android: NATIVE_PRODUCTS,
  ios: NATIVE_PRODUCTS,
  web: [
    ['eKYC', 62],
    ['FACE_LIVENESS', 24],
    ['ID_OCR', 14],
  ],
} as const;

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
