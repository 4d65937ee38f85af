/** A session of the local CheckVerifyLog: its answers, and what really happened. */
export const STAGES = [
  'LOADING',
  'GUIDE',
  'OCR_SCAN',
  'OCR_RESULT',
  'NFC_INPUT',
  'NFC_READ',
  'FACE',
] as const;
export type Stage = (typeof STAGES)[number];

/** Why a session ended as it did, as its scenario meant it. */
export type Cause =
  | 'passed'
  | 'rejected'
  | 'user_left'
  | 'camera_permission'
  | 'capture_quality'
  | 'document'
  | 'retry_limit'
  | 'network'
  | 'device'
  | 'clock'
  | 'vendor_error'
  | 'never_opened'
  | 'suspected_interruption'
  | 'transaction_invalid'
  | 'unknown';

/** The Result of the operation; every scalar is a string, and anything may be missing. */
export interface VerifyLogResult {
  Passed?: string;
  SubCode?: string;
  VerifyStatus?: string;
  InterruptPage?: string;
  InterruptPageEn?: string;
  VerifyErrorCode?: string;
  LogInfo?: string[];
  LogInfoEn?: string[];
  LogStatisticsInfo?: string;
  ExtInfo?: string;
}

export interface SessionLabels {
  platform: 'ios' | 'android' | 'web';
  os_version: string;
  app_version: string;
  channel: string;
  country: string;
  product_code: ProductCode;
}

export type ProductCode = 'eKYC' | 'eKYC_PRO' | 'FACE_LIVENESS' | 'ID_OCR' | 'ID_NFC';

export interface Counters {
  faceRetries: number;
  ocrRetries: number;
  ocrEdits: number;
  ocrEditRetries: number;
}

export interface SessionTruth extends Counters {
  journey: 'finished' | 'interrupted' | 'not_started';
  /** Where an interrupted session ended. */
  stage: Stage | undefined;
  /** 0 not opened, 1 LOADING ... 7 FACE (the order of STAGES), 8 finished. */
  stageReached: number;
  /** The stages that were entered, in the order of their first time. */
  entered: readonly Stage[];
  /** undefined for the official example, whose fields contradict each other. */
  cause: Cause | undefined;
  passed: boolean | undefined;
  verifyErrorCode: string | undefined;
  /** Of the stages that were left; one that broke off has none. */
  staysMs: Partial<Record<Stage, number>>;
  facePermissionRefused: boolean;
  ocrPermissionRefused: boolean;
  permissionOutcome: 'none' | 'recovered' | 'left_there' | 'left_later';
  zhEvents: number;
  enEvents: number;
  /** LogInfo and LogInfoEn: one line per element, or one element that is a JSON array of all lines. */
  encoding: 'lines' | 'json';
  /** Whether LogStatisticsInfo is given; without it the counters and stays cannot be known. */
  statistics: boolean;
  official: boolean;
}

export interface Session {
  transactionId: string;
  merchantBizId: string;
  /** When Initialize was called, unix ms. */
  initializedAtMs: number;
  labels: SessionLabels;
  /** The final answer, given from 30 minutes of age on. */
  result: VerifyLogResult;
  truth: SessionTruth;
  /** Answers of the first 30 minutes, each with the age from which it is given; ascending. */
  unfinished: ReadonlyArray<{ fromAgeMs: number; result: VerifyLogResult }>;
}
