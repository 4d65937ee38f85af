import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { referencePages } from '../../../deploy/docs.ts';

const stored = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

/** The cells of each table of a page by the heading above it, its head and rule left out. */
function tables(text: string): Map<string, string[][]> {
  const sections = text
    .split('\n## ')
    .slice(1)
    .map((section) => {
      const [heading = '', ...lines] = section.split('\n');
      const rows = lines.filter((line) => line.startsWith('|')).slice(2);
      const cells = rows.map((row) => row.replaceAll('\\|', '/').split('|').slice(1, -1));
      return [heading, cells.map((row) => row.map((cell) => cell.trim()))] as const;
    });
  return new Map(sections);
}

/** What the log stores are promised to hold, by type: readers' queries and dashboards name these columns. */
const COLUMNS: Readonly<Record<string, { text: string; long: string; json: string }>> = {
  '`idv-records`: one answer about one transaction': {
    text: `transaction_id merchant_biz_id revision view_key source region request_id final disposition code journey
      passed sub_code verify_error_code stage interrupt_page interrupt_page_en face_permission_refused
      ocr_permission_refused permission_outcome cause cause_confidence contradictions recoverable log_coverage
      events_truncated unknown_values story story_zh raw raw_truncated write_error`,
    long: `attempt initialized_at_ms registered_at_ms given_at_ms asked_at_ms stage_reached on_loading on_guide
      on_ocr_scan on_ocr_result on_nfc_input on_nfc_read on_face path_version stay_loading_ms stay_guide_ms
      stay_ocr_scan_ms stay_ocr_result_ms stay_nfc_input_ms stay_nfc_read_ms stay_face_ms stay_total_ms span_ms
      hidden_ms face_retries ocr_retries ocr_edits ocr_edit_retries contradiction_count event_count unknown_count
      raw_bytes`,
    json: 'labels cause_evidence',
  },
  "`idv-events`: one line of one session's client log": {
    text: 'transaction_id revision final lang logged_at text kind stage write_error',
    long: 'seq gap_ms',
    json: '',
  },
  '`idv-pending`: a transaction that waits, or is asked again': {
    text: 'transaction_id merchant_biz_id kind last_code',
    long: 'initialized_at_ms registered_at_ms given_at_ms attempt',
    json: 'labels',
  },
  '`idv-sweeps`: one run of the sweep': {
    text: 'run_id consumer region ended message failed',
    long: `started_at_ms ended_at_ms duration_ms invalid_cursors pulled pulled_groups asked calls throttled
      final_count event_count requeued handed_back duplicates unreadable reduced near_end pace_asked_per_minute
      pace_reached_per_minute checkpoint_at_ms lag_ms backlog`,
    json: 'answers finals checkpoints',
  },
};

const listOf = (names: string) => names.split(/\s+/).filter((name) => name !== '');

describe('the reference pages', () => {
  it.each(['data-dictionary.md', 'charts.md'])('docs/%s is current: npm run docs', (name) => {
    expect(stored(name)).toBe(referencePages()[name]);
  });

  it.each(Object.entries(COLUMNS))('have every column of %s with its type', (heading, types) => {
    const rows = tables(stored('data-dictionary.md')).get(heading) ?? [];
    const typed = rows.map(([column, type]) => `${column} ${type}`).sort();
    const promised = Object.entries(types).flatMap(([type, names]) =>
      listOf(names).map((name) => `\`${name}\` ${type}`),
    );
    expect(typed).toEqual(promised.sort());
    for (const row of rows) {
      expect(row).toHaveLength(4);
      expect(row).not.toContain('');
    }
  });

  it('have the four logstores and nothing else', () => {
    expect([...tables(stored('data-dictionary.md')).keys()]).toEqual(Object.keys(COLUMNS));
  });

  it('name the values that a column may hold', () => {
    const rows = tables(stored('data-dictionary.md')).get('`idv-records`: one answer about one transaction');
    const meaning = Object.fromEntries((rows ?? []).map(([column, , text]) => [column, text]));
    expect(meaning['`cause`']).toBe(
      'Why it ended as it did: passed, rejected, user_left, camera_permission, capture_quality, document, retry_limit, network, device, clock, vendor_error, never_opened, suspected_interruption, transaction_invalid or unknown',
    );
    expect(meaning['`disposition`']).toContain('answered, not_completed, invalid, expired or gave_up');
    expect(meaning['`stage_reached`']).toContain(
      '0 not opened, 1 LOADING, 2 GUIDE, 3 OCR_SCAN, 4 OCR_RESULT, 5 NFC_INPUT, 6 NFC_READ, 7 FACE, 8 finished',
    );
    expect(meaning['`stay_nfc_read_ms`']).toBe('Time on the NFC_READ pages, ms');
  });

  it('have what each chart and alert counts, in cells that hold together', () => {
    const pages = tables(stored('charts.md'));
    expect([...pages.keys()]).toEqual(['Drop-off dashboard', 'Operations dashboard', 'Alerts']);
    for (const [heading, rows] of pages) {
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(row).toHaveLength(heading === 'Alerts' ? 4 : 3);
    }
    const [residual] = pages.get('Alerts') ?? [];
    expect(residual?.slice(0, 3)).toEqual([
      '`idv-residual`',
      'A transaction is missing',
      '`residual > 0` over 1 d, every 1 h',
    ]);
  });

  it('are linked from the README', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    for (const name of ['data-dictionary.md', 'charts.md']) expect(readme).toContain(`(docs/${name})`);
  });
});
