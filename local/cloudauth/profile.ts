import { type Random, weighted } from './random.ts';
import type { SessionLabels } from './session-types.ts';

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
