import type { Text } from '../../../shared/charts/chart.ts';
import type { Disposition, JOURNEYS, PermissionOutcome, RunEnd } from '../../../shared/logstores/values.ts';
import { CAUSE_WORDS, CONFIDENCE_WORDS, STAGE_WORDS } from '../../../shared/record/value-words.ts';

/** The page's words in both languages, and the plain words for the values of closed lists. */
type Language = 'en' | 'zh';

const STORED = 'idv-language';

let language: Language = stored();

function stored(): Language {
  try {
    const kept = localStorage.getItem(STORED);
    if (kept === 'en' || kept === 'zh') return kept;
  } catch {
    // Storage may be switched off: the browser's language decides.
  }
  return navigator.language.startsWith('zh') ? 'zh' : 'en';
}

export function currentLanguage(): Language {
  return language;
}

export function setLanguage(next: Language): void {
  language = next;
  try {
    localStorage.setItem(STORED, next);
  } catch {
    // Storage may be switched off.
  }
}

export function say(text: Text): string {
  return text[language];
}

const WORDS = {
  skip: { en: 'Skip to content', zh: '跳到内容' },
  dashboards: { en: 'Dashboards', zh: '仪表盘' },
  lookup: { en: 'Transaction ID', zh: '认证 ID' },
  ask: { en: 'Look up', zh: '查询' },
  range: { en: 'Time', zh: '时间' },
  lastHours: { en: 'Last 24 hours', zh: '最近 24 小时' },
  lastWeek: { en: 'Last 7 days', zh: '最近 7 天' },
  lastMonth: { en: 'Last 30 days', zh: '最近 30 天' },
  any: { en: 'any', zh: '全部' },
  clear: { en: 'Clear filters', zh: '清除筛选' },
  reload: { en: 'Reload', zh: '刷新' },
  tryAgain: { en: 'Try again', zh: '重试' },
  close: { en: 'Close', zh: '关闭' },
  showing: { en: 'Showing {shown} of {all}', zh: '显示 {all} 行中的 {shown} 行' },
  showAll: { en: 'Show all {all}', zh: '显示全部 {all} 行' },
  showFewer: { en: 'Show fewer', zh: '收起' },
  notNarrowed: {
    en: 'Your filters do not apply here: what this counts has no labels.',
    zh: '不受筛选影响：所统计的数据没有标签。',
  },
  theLogStore: { en: 'The log store (SLS)', zh: '日志服务（SLS）' },
  theLookupFunction: { en: 'The lookup function', zh: '查询函数' },
  theConsole: { en: "The console's own server", zh: '控制台服务' },
  unreachable: {
    en: '{service} cannot be reached at {at} ({reason}). Check that npm start is still running, start it again if it is not, then try again.',
    zh: '{service}无法连接：{at}（{reason}）。请确认 npm start 仍在运行，若已退出请重新启动，然后重试。',
  },
  timeout: {
    en: '{service} at {at} did not respond in time ({reason}). It may be busy: try again in a moment. If that does not help, restart npm start.',
    zh: '{service}未及时应答：{at}（{reason}）。可能正忙，请稍后重试；若一直如此，请重新启动 npm start。',
  },
  refused: {
    en: '{service} at {at} refused the request ({reason}). Try again; if that does not help, look at the output of npm start.',
    zh: '{service}拒绝了请求：{at}（{reason}）。请重试；若一直如此，请查看 npm start 的输出。',
  },
  unreadable: {
    en: '{service} at {at} sent a response that cannot be read ({reason}). Try again; if that does not help, look at the output of npm start.',
    zh: '{service}的应答无法读取：{at}（{reason}）。请重试；若一直如此，请查看 npm start 的输出。',
  },
  loading: { en: 'Loading …', zh: '加载中…' },
  noData: { en: 'No data in this period', zh: '该时间段没有数据' },
  partial: { en: 'Incomplete: the log store read only a part of the data', zh: '结果不完整：仅为部分数据' },
  data: { en: 'Show the figures', zh: '查看数据' },
  definition: { en: 'How it is counted', zh: '统计口径' },
  before: { en: 'period before', zh: '上一周期' },
  allReady: { en: 'All charts are up to date', zh: '所有图表已更新' },
  failed: { en: 'Could not be loaded', zh: '加载失败' },
  behind: { en: 'Transactions', zh: '认证列表' },
  newest: { en: 'newest', zh: '最新' },
  back: { en: 'Back to the dashboard', zh: '返回仪表盘' },
  story: { en: 'What happened', zh: '经过' },
  cause: { en: 'Cause', zh: '原因' },
  confidence: { en: 'confidence', zh: '置信度' },
  evidence: { en: 'Evidence', zh: '依据' },
  contradictions: { en: 'Contradictions', zh: '矛盾' },
  none: { en: 'none', zh: '无' },
  timeline: { en: 'Timeline', zh: '时间线' },
  stays: { en: 'Time on each page', zh: '各页面停留时间' },
  counters: { en: 'Counters', zh: '计数' },
  raw: { en: 'Raw answer', zh: '原始结果' },
  history: { en: 'Earlier rows', zh: '历史记录' },
  notStored: { en: 'Nothing is stored about this transaction.', zh: '没有该认证的记录。' },
  lookItUp: { en: 'Look it up to ask the service now.', zh: '可点击查询向服务获取。' },
  answered: {
    en: 'The service was asked just now and responded with {status}: {detail}',
    zh: '刚刚已向服务查询，返回 {status}：{detail}',
  },
  lookupDone: { en: 'The service was asked just now', zh: '刚刚已向服务查询' },
  stored: { en: 'stored', zh: '已存储' },
  recoverable: { en: 'another try may succeed', zh: '可再次尝试' },
  notRecoverable: { en: 'another try will not help', zh: '再试无益' },
  mostLeft: { en: 'Most left on', zh: '离开最多' },
} satisfies Record<string, Text>;

export type Word = keyof typeof WORDS;

/** `values` replace their names in braces. */
export function word(name: Word, values: Readonly<Record<string, string | number>> = {}): string {
  return WORDS[name][language].replace(/\{(\w+)\}/g, (_, each: string) => String(values[each] ?? ''));
}

/** The compiler names a value of these lists that has no words. */
type Listed = (typeof JOURNEYS)[number] | PermissionOutcome | Disposition | RunEnd;

const OTHER_VALUES = {
  ALL: { en: 'All sessions', zh: '全部会话' },
  FINISHED: { en: 'Finished', zh: '完成' },
  finished: { en: 'Finished', zh: '已完成' },
  interrupted: { en: 'Interrupted', zh: '已中断' },
  not_started: { en: 'Not started', zh: '未开始' },
  none: { en: 'none', zh: '无' },
  no_log: { en: 'No log', zh: '无日志' },
  not_measured: { en: 'Not measured', zh: '未统计' },
  most_left: { en: 'most left here', zh: '离开最多' },
  recovered: { en: 'Recovered', zh: '已恢复' },
  left_there: { en: 'Left there', zh: '当场离开' },
  left_later: { en: 'Left later', zh: '之后离开' },
  ocr: { en: 'Document capture', zh: '拍摄证件' },
  ocr_edit: { en: 'Document details', zh: '证件信息确认' },
  liveness: { en: 'Liveness', zh: '活体检测' },
  true: { en: 'yes', zh: '是' },
  false: { en: 'no', zh: '否' },
  camera_refused: { en: 'Camera refused', zh: '拒绝相机' },
  ocr_retried: { en: 'Document retried', zh: '证件重试' },
  ocr_retried_3_or_more: { en: 'Document retried 3 times or more', zh: '证件重试 3 次及以上' },
  ocr_edited: { en: 'Details corrected', zh: '修改过信息' },
  liveness_retried: { en: 'Liveness retried', zh: '活体重试' },
  liveness_retried_3_or_more: { en: 'Liveness retried 3 times or more', zh: '活体重试 3 次及以上' },
  slow_loading_over_3s: { en: 'Loading took over 3 s', zh: '加载超过 3 秒' },
  hidden_over_30s: { en: 'Out of sight over 30 s', zh: '离开视线超过 30 秒' },
  already: { en: 'already', zh: '此前已存储' },
  answered: { en: 'Answered', zh: '已查询' },
  not_completed: { en: 'Not completed', zh: '未完成' },
  invalid: { en: 'Invalid', zh: '无效' },
  expired: { en: 'Expired', zh: '已过期' },
  gave_up: { en: 'Gave up', zh: '已放弃' },
  waiting: { en: 'Waiting', zh: '等待中' },
  residual: { en: 'Residual', zh: '差额' },
  registered: { en: 'Registered', zh: '已登记' },
  done: { en: 'Done', zh: '已完成' },
  busy: { en: 'Busy (another run works)', zh: '繁忙（另有运行）' },
  deadline: { en: 'Out of time', zh: '到时' },
  upstream_down: { en: 'Service down', zh: '服务不可用' },
  forbidden: { en: 'Rights refused', zh: '权限被拒绝' },
  lease_lost: { en: 'Lease lost', zh: '租约丢失' },
  write_failed: { en: 'Write failed', zh: '写入失败' },
  error: { en: 'Error', zh: '错误' },
} satisfies Readonly<Record<Listed, Text> & Record<string, Text>>;

const labels = (words: typeof CAUSE_WORDS | typeof STAGE_WORDS) =>
  Object.fromEntries(Object.entries(words).map(([value, { label }]) => [value, label]));

const VALUES: Readonly<Record<string, Text>> = {
  ...labels(STAGE_WORDS),
  ...labels(CAUSE_WORDS),
  ...CONFIDENCE_WORDS,
  ...OTHER_VALUES,
};

/** A value of a closed list in plain words; anything else as it is. */
export function plain(value: string): string {
  return Object.hasOwn(VALUES, value) ? (VALUES[value]?.[language] ?? value) : value;
}
