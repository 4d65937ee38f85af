import { between, chance, weighted } from './random.ts';
import type { Cause, Counters, ProductCode } from './session-types.ts';
import { type Ending, PAGES, type PageKey, type Visit } from './visit.ts';

/** The pages that each solution leads through, in order. */
const ROUTES: Readonly<Record<ProductCode, ReadonlyArray<(visit: Visit) => Ending | undefined>>> = {
  eKYC: [loading, guide('ocrGuide'), ocrScan, ocrResult, face],
  eKYC_PRO: [loading, guide('ocrGuide'), ocrScan, ocrResult, face],
  FACE_LIVENESS: [loading, guide('faceGuide'), face],
  ID_OCR: [loading, guide('ocrGuide'), ocrScan, ocrResult],
  ID_NFC: [loading, nfcInput, nfcRead, face],
};

/** Walks a solution's pages; returns undefined when the session is finished. */
export function walk(visit: Visit): Ending | undefined {
  for (const stage of ROUTES[visit.labels.product_code]) {
    const ending = stage(visit);
    if (ending !== undefined) {
      visit.end(ending);
      return ending;
    }
    // A switch to another app between two pages: time that counts for no page.
    if (visit.happens(0.05)) visit.wait(25_000, 0.7);
  }
  return undefined;
}

function loading(visit: Visit): Ending | undefined {
  const page = 'unopened';
  visit.enter('LOADING', page);
  visit.wait(visit.labels.platform === 'web' ? 2_900 : 1_500);
  const fated = visit.fated(page);
  if (fated !== undefined) return fated;
  const { platform, os_version } = visit.labels;
  const tooOld = platform === 'android' && Number(os_version) <= 7;
  if (tooOld && visit.happens(0.72)) return { page, code: '1015', cause: 'device' };
  if (visit.happens(0.006)) return { page, code: '1003', cause: 'clock' };
  if (visit.happens(0.004)) return { page, code: '1009', cause: 'clock' };
  if (visit.happens(0.004)) return { page, code: '1007', cause: 'transaction_invalid' };
  if (visit.happens(0.012)) return { page, code: '1006', cause: 'user_left' };
  if (visit.happens(0.008)) return { page, code: '9999', cause: 'suspected_interruption' };
  const broken = waiting(visit, page);
  if (broken === undefined) visit.leave(page);
  return broken;
}

function guide(page: 'ocrGuide' | 'faceGuide') {
  return (visit: Visit): Ending | undefined => {
    visit.enter('GUIDE', page);
    visit.wait(4_200);
    const fated = visit.fated(page);
    if (fated !== undefined) return fated;
    const leaves = visit.labels.channel === 'ads' ? 0.09 : 0.022;
    if (visit.happens(leaves)) return { page, code: '1006', cause: 'user_left' };
    if (visit.happens(0.006)) return { page, code: '9999', cause: 'suspected_interruption' };
    if (visit.happens(0.003)) return { page, code: undefined, cause: 'unknown' };
    visit.say(page, '点击开始认证按钮');
    visit.leave(page);
    return undefined;
  };
}

/** Asks for the camera once a session. */
function camera(visit: Visit, page: 'ocrPermission' | 'facePermission'): Ending | undefined {
  if (visit.cameraAllowed) return undefined;
  const fated = visit.fated(page);
  const refuses = { web: 0.13, android: 0.04, ios: 0.03 }[visit.labels.platform];
  if (visit.happens(refuses) || fated !== undefined) {
    visit.wait(2_200);
    visit.say(page, '拒绝相机授权', { refused: page === 'ocrPermission' ? 'ocr' : 'face' });
    visit.popUp(page);
    if (fated !== undefined) return fated;
    if (visit.happens(0.58)) {
      const code = weighted(visit.random, [
        ['1016', 55],
        ['1004', 30],
        ['1006', 15],
      ]);
      return { page, code, cause: 'camera_permission' };
    }
    visit.retry(page);
    visit.wait(6_000);
  }
  visit.cameraAllowed = true;
  visit.wait(700);
  return undefined;
}

function ocrScan(visit: Visit): Ending | undefined {
  visit.enter('OCR_SCAN', 'ocrShoot');
  // A picture from the album needs no camera.
  const album =
    chance(visit.random, visit.labels.platform === 'web' ? 0.4 : 0.2) && visit.fate?.page !== 'ocrPermission';
  const refused = album ? undefined : camera(visit, 'ocrPermission');
  const ending =
    refused ??
    capture(visit, {
      shoot: 'ocrShoot',
      wait: 'ocrWait',
      again: 'ocrShoot',
      counted: 'ocrRetries',
      failProbability: visit.labels.platform === 'android' ? 0.27 : 0.17,
      flaws: [
        [{ code: '1013', cause: 'capture_quality' }, 60],
        [{ code: '1011', cause: 'document' }, 18],
        [{ code: '1012', cause: 'document' }, 22],
      ],
      attempt() {
        visit.wait(11_000);
        visit.say('ocrShoot', album ? '点击相册选择按钮' : '点击拍摄按钮');
        visit.say('ocrWait', '点击OCR提交按钮');
      },
    });
  if (ending === undefined) visit.leave('ocrWait');
  return ending;
}

function ocrResult(visit: Visit): Ending | undefined {
  const page = 'ocrEdit';
  visit.enter('OCR_RESULT', page);
  visit.wait(4_800);
  const fated = visit.fated(page);
  if (fated !== undefined) return fated;
  if (visit.happens(0.02)) return { page, code: '1006', cause: 'user_left' };
  const edits = chance(visit.random, 0.24) ? between(visit.random, 1, 3) : 0;
  for (let i = 0; i < edits; i += 1) {
    visit.wait(9_000);
    visit.say(page, '修改OCR结果', { counted: 'ocrEdits' });
  }
  for (let tries = 0; ; tries += 1) {
    visit.say('ocrEditWait', '点击OCR结果确认无误按钮');
    visit.wait(900);
    const broken = waiting(visit, 'ocrEditWait');
    if (broken !== undefined) return broken;
    if (!visit.happens(edits > 0 ? 0.1 : 0.02)) break;
    visit.popUp(page);
    if (tries === 2 || visit.happens(0.18)) return { page, code: '1012', cause: 'document' };
    visit.retry(page, 'ocrEditRetries');
    visit.wait(8_000);
    visit.say(page, '修改OCR结果', { counted: 'ocrEdits' });
  }
  visit.leave('ocrEditWait');
  return undefined;
}

function nfcInput(visit: Visit): Ending | undefined {
  const page = 'nfcInput';
  visit.enter('NFC_INPUT', page);
  visit.wait(16_000);
  const fated = visit.fated(page);
  if (fated !== undefined) return fated;
  if (visit.happens(0.05)) return { page, code: '1006', cause: 'user_left' };
  visit.say(page, '点击下一步按钮');
  visit.leave(page);
  return undefined;
}

function nfcRead(visit: Visit): Ending | undefined {
  const page = 'nfcRead';
  visit.enter('NFC_READ', page);
  const ending = capture(visit, {
    shoot: page,
    wait: page,
    again: page,
    failProbability: 0.26,
    flaws: [[{ code: '1012', cause: 'document' }, 1]],
    attempt() {
      visit.wait(7_500);
      visit.say(page, '开始读取芯片');
    },
  });
  if (ending === undefined) visit.leave(page);
  return ending;
}

function face(visit: Visit): Ending | undefined {
  visit.enter('FACE', 'faceShoot');
  const { platform, app_version } = visit.labels;
  const fallback =
    visit.fate?.page === 'faceFallback' || chance(visit.random, platform === 'web' ? 0.12 : 0.02);
  const shoot = fallback ? 'faceFallback' : 'faceShoot';
  const ending =
    camera(visit, 'facePermission') ??
    capture(visit, {
      shoot,
      wait: 'faceWait',
      again: 'faceRetry',
      counted: 'faceRetries',
      failProbability: app_version === '3.6.0' ? 0.42 : platform === 'web' ? 0.2 : 0.15,
      flaws: [[{ code: '1013', cause: 'capture_quality' }, 1]],
      attempt() {
        visit.say(shoot, fallback ? '进入降级页面' : '开始动作检测');
        visit.wait(8_200);
      },
    });
  if (ending === undefined) visit.leave('faceWait');
  return ending;
}

/** What can be wrong with a capture. */
interface Flaw {
  readonly code: string;
  readonly cause: Cause;
}

interface CaptureOptions {
  readonly shoot: PageKey;
  readonly wait: PageKey;
  /** The page of somebody who has been told to try again. */
  readonly again: PageKey;
  readonly counted?: keyof Counters;
  readonly failProbability: number;
  readonly flaws: ReadonlyArray<readonly [flaw: Flaw, weight: number]>;
  /** Logs and times one attempt up to its submission. */
  attempt(): void;
}

/** The share that gives up after the 1st, 2nd ... failed capture: it rises with every failure. */
const GIVE_UP_AFTER = [0.1, 0.26, 0.44, 0.62];
/** One more failure, and the service itself ends the session (1014). */
const MAX_FAILURES = GIVE_UP_AFTER.length + 1;
/** Whoever leaves after this many retries is assumed to leave because of the captures. */
const DRIVEN_AWAY_RETRIES = 2;

/** Captures until it works; returns the ending if it does not. */
function capture(visit: Visit, options: CaptureOptions): Ending | undefined {
  for (let failures = 1; ; failures += 1) {
    const broken = attempt(visit, options, failures - 1);
    if (broken !== undefined) return broken;
    if (!fails(visit, options, failures)) return undefined;
    visit.popUp(options.shoot);
    const ending = afterFailure(visit, options, failures);
    if (ending !== undefined) return ending;
    visit.retry(options.again, options.counted);
    visit.wait(2_500);
  }
}

function attempt(visit: Visit, options: CaptureOptions, retries: number): Ending | undefined {
  const { shoot, wait, again } = options;
  const here = retries === 0 ? shoot : again;
  options.attempt();
  const fated = visit.fated(here);
  if (fated !== undefined) return fated;
  if (visit.happens(0.018)) return { page: here, code: '1006', cause: leftCause(options, retries) };
  if (visit.happens(0.005)) return { page: here, code: '9999', cause: 'suspected_interruption' };
  visit.wait(2_600);
  return waiting(visit, wait);
}

/** While the picture is sent and judged. */
function waiting(visit: Visit, page: PageKey): Ending | undefined {
  const fated = visit.fated(page);
  if (fated !== undefined) return fated;
  if (visit.happens(visit.labels.country === 'ID' ? 0.022 : 0.005)) {
    visit.wait(9_000);
    return { page, code: '1005', cause: 'network' };
  }
  if (visit.happens(0.002)) return { page, code: '1002', cause: 'vendor_error' };
  return undefined;
}

function fails(visit: Visit, options: CaptureOptions, failures: number): boolean {
  // Bad light or a worn card stays bad: each failure makes the next more likely.
  const drawn = visit.happens(options.failProbability + 0.14 * (failures - 1));
  return fatedFailures(visit, options) >= failures || drawn;
}

/** Failures that a prescribed ending on this stage asks for. */
function fatedFailures({ fate }: Visit, { shoot }: CaptureOptions): number {
  return fate !== undefined && PAGES[fate.page].en === PAGES[shoot].en ? (fate.failures ?? 0) : 0;
}

function afterFailure(visit: Visit, options: CaptureOptions, failures: number): Ending | undefined {
  const retries = failures - 1;
  const page = retries === 0 ? options.shoot : options.again;
  if (visit.fate !== undefined && fatedFailures(visit, options) === failures) return visit.fate;
  if (failures >= MAX_FAILURES) return { page, code: '1014', cause: 'retry_limit' };
  if (!visit.happens(GIVE_UP_AFTER[retries] ?? 1)) return undefined;
  const flaw = weighted(visit.random, options.flaws);
  // Most press the exit button; for some the SDK reports what was wrong with their last picture.
  return visit.happens(0.7) ? { page, code: '1006', cause: leftCause(options, retries) } : { page, ...flaw };
}

function leftCause({ counted }: CaptureOptions, retries: number): Cause {
  return counted !== undefined && retries >= DRIVEN_AWAY_RETRIES ? 'capture_quality' : 'user_left';
}
