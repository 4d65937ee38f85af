import { RECORDS_LOGSTORE } from '../logstores/records.ts';
import { column, type Section } from './chart.ts';
import { percent, sessions, UNKNOWN_VALUES } from './sql.ts';

/** How far the data itself can be trusted. */
export const QUALITY: Section = {
  id: 'quality',
  title: { en: 'Can the figures be trusted?', zh: '数据可信吗？' },
  charts: [
    {
      id: 'data-quality',
      title: { en: 'Data quality', zh: '数据质量' },
      question: { en: 'How complete and how clear are the answers?', zh: '数据有多完整、多清楚？' },
      metric:
        'Of all answered sessions: with at least one contradiction, with an unknown journey, stage or cause, with full, partial or no log.',
      logstore: RECORDS_LOGSTORE,
      sql: `
        WITH counts AS (
          SELECT
            count(1) AS answered,
            count_if(contradiction_count > 0) AS contradicted,
            count_if(${UNKNOWN_VALUES}) AS unknown,
            count_if(log_coverage = 'full') AS full_log,
            count_if(log_coverage = 'partial') AS partial_log,
            count_if(log_coverage = 'none') AS no_log
          FROM ${sessions(['contradiction_count', 'journey', 'stage', 'cause', 'log_coverage'])}
        )
        SELECT
          answered,
          ${percent('contradicted', 'answered')} AS contradicted_percent,
          ${percent('unknown', 'answered')} AS unknown_percent,
          ${percent('full_log', 'answered')} AS full_log_percent,
          ${percent('partial_log', 'answered')} AS partial_log_percent,
          ${percent('no_log', 'answered')} AS no_log_percent
        FROM counts
        WHERE answered > 0
        LIMIT 1`,
      kind: 'table',
      columns: [
        column('answered', 'count', 'Answered', '已查询'),
        column('contradicted_percent', 'percent', 'With contradictions', '存在矛盾'),
        column('unknown_percent', 'percent', 'With unknown values', '含未知值'),
        column('full_log_percent', 'percent', 'Full log', '日志完整'),
        column('partial_log_percent', 'percent', 'Partial log', '日志部分'),
        column('no_log_percent', 'percent', 'No log', '无日志'),
      ],
      width: 12,
      height: 5,
    },
    {
      id: 'contradictions',
      title: { en: 'Contradictions', zh: '矛盾' },
      question: { en: 'Where do the fields of an answer disagree?', zh: '答案中的哪些字段互相矛盾？' },
      metric:
        'Answered sessions by named contradiction; one session may have several. Share = of all answered sessions.',
      logstore: RECORDS_LOGSTORE,
      sql: `
        WITH answers AS (
          SELECT contradictions, count(1) OVER () AS answered FROM ${sessions(['contradictions'])}
        )
        SELECT contradiction, count(1) AS n, ${percent('count(1)', 'max(answered)')} AS share_percent
        FROM answers
        CROSS JOIN UNNEST(split(coalesce(contradictions, ''), ',')) AS named(contradiction)
        WHERE contradiction <> ''
        GROUP BY contradiction
        ORDER BY n DESC, contradiction
        LIMIT 100`,
      kind: 'bar',
      columns: [
        column('contradiction', 'key', 'Contradiction', '矛盾'),
        column('n', 'count', 'Sessions', '会话数'),
        column('share_percent', 'percent', 'Share', '占比'),
      ],
      x: 'contradiction',
      y: ['n'],
      drill: { column: 'contradiction', field: 'contradictions', several: true },
      width: 12,
      height: 5,
    },
  ],
};
