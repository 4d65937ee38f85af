import type { RecordRow } from '../logstores/records.ts';
import { codeEnds, type Session } from './session.ts';

/** A check for fields that cannot all be right. What it finds is reported, and lowers the confidence in the cause. */
export interface Check {
  readonly name: string;
  /** The columns at odds: a cause that rests on one of them has less confidence. */
  readonly columns: readonly (keyof RecordRow)[];
  readonly finds: (session: Session) => boolean;
}

/** The log has whole seconds: a span may be this much too short. */
const CLOCK_GRAIN_MS = 1_000;

type CounterName = 'faceRetries' | 'ocrRetries' | 'ocrEdits' | 'ocrEditRetries';
type FlagName = 'hasFaceRetries' | 'hasOcrRetries' | 'hasOcrEdits' | 'hasOcrEditRetries';

/** Each counter and the flag that says whether it is above 0. */
function counterChecks(column: keyof RecordRow, counter: CounterName, flag: FlagName): Check[] {
  return [
    {
      name: `${column}_counted_but_denied`,
      columns: [column],
      finds: ({ statistics }) => statistics[flag] === false && (statistics[counter] ?? 0) > 0,
    },
    {
      name: `${column}_claimed_but_zero`,
      columns: [column],
      finds: ({ statistics }) => statistics[flag] === true && statistics[counter] === 0,
    },
  ];
}

const isOpen = ({ journey }: Session) => journey === 'interrupted' || journey === 'not_started';

export const CHECKS: readonly Check[] = [
  {
    // Page stays, log lines, or a last page past the first one.
    name: 'not_started_but_active',
    columns: ['journey', 'stage_reached', 'stay_total_ms'],
    finds: (session) => session.journey === 'not_started' && session.active,
  },
  ...counterChecks('face_retries', 'faceRetries', 'hasFaceRetries'),
  ...counterChecks('ocr_retries', 'ocrRetries', 'hasOcrRetries'),
  ...counterChecks('ocr_edits', 'ocrEdits', 'hasOcrEdits'),
  ...counterChecks('ocr_edit_retries', 'ocrEditRetries', 'hasOcrEditRetries'),
  {
    name: 'finished_with_interruption_code',
    columns: ['journey', 'verify_error_code'],
    finds: (session) => session.journey === 'finished' && codeEnds(session, 'interruption'),
  },
  {
    name: 'unfinished_with_result_code',
    columns: ['journey', 'verify_error_code'],
    finds: (session) => isOpen(session) && codeEnds(session, 'result'),
  },
  {
    name: 'passed_disagrees_with_code',
    columns: ['passed', 'verify_error_code'],
    finds: ({ passed, codeParts }) =>
      (passed === 'Y' && codeParts?.family === '1001') || (passed === 'N' && codeParts?.family === '1000'),
  },
  {
    // 200 is the only sub code that all solutions share: it is a pass.
    name: 'passed_disagrees_with_sub_code',
    columns: ['passed', 'sub_code'],
    finds: ({ passed, subCode }) =>
      subCode !== undefined &&
      ((passed === 'Y' && subCode.trim() !== '200') || (passed === 'N' && subCode.trim() === '200')),
  },
  {
    name: 'pages_disagree',
    columns: ['stage', 'interrupt_page', 'interrupt_page_en'],
    finds: ({ page, stageEn }) =>
      page !== undefined && stageEn !== undefined && !page.mayBe.includes(stageEn),
  },
  {
    name: 'events_out_of_order',
    columns: ['span_ms', 'hidden_ms'],
    finds: ({ journal }) => journal.outOfOrder,
  },
  {
    // A single line has no span to compare with.
    name: 'stays_exceed_span',
    columns: ['stay_total_ms', 'span_ms', 'hidden_ms'],
    finds: ({ statistics, journal }) =>
      journal.timedCount > 1 &&
      statistics.stayTotalMs !== undefined &&
      journal.spanMs !== undefined &&
      statistics.stayTotalMs > journal.spanMs + CLOCK_GRAIN_MS,
  },
  {
    name: 'passed_without_finish',
    columns: ['passed', 'journey'],
    finds: (session) => isOpen(session) && session.passed !== undefined,
  },
  {
    name: 'sub_code_without_finish',
    columns: ['sub_code', 'journey'],
    finds: (session) => isOpen(session) && session.subCode !== undefined,
  },
];

/** The checks that found something, in the order of the table. */
export function findContradictions(session: Session): readonly Check[] {
  return CHECKS.filter((check) => check.finds(session));
}
