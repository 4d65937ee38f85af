import type { DashboardDefinition } from './chart.ts';
import { DATA_QUALITY_CHARTS } from './data-quality.ts';
import { BREAKDOWN_CHART, FACTORS_CHART, FRICTION_CHARTS } from './friction.ts';
import { FUNNEL_CHARTS, TREND_CHART } from './funnel.ts';
import { HEADLINE_CHARTS } from './headline.ts';
import { LEDGER_CHARTS, SWEEP_CHARTS } from './operations.ts';
import { TIME_CHARTS } from './time-spent.ts';
import { WHERE_AND_WHY_CHARTS } from './where-and-why.ts';

const [whereStage, whyCause, wherePage, latestLost] = WHERE_AND_WHY_CHARTS;

function present<T>(...charts: Array<T | undefined>): T[] {
  return charts.filter((chart) => chart !== undefined);
}

export const DASHBOARDS: readonly DashboardDefinition[] = [
  {
    name: 'idv-drop-off',
    title: { en: 'Drop-off', zh: '流失分析' },
    description: {
      en: 'Where and why people leave identity verification. Each transaction counts once; what still waits for its answer is left out.',
      zh: '用户在身份认证的哪里离开、为什么离开。每笔认证只计一次；尚未获得结果的不计入。',
    },
    sections: [
      { title: { en: 'At a glance', zh: '概览' }, charts: [...HEADLINE_CHARTS, TREND_CHART] },
      { title: { en: 'Where', zh: '在哪里' }, charts: [...FUNNEL_CHARTS, ...present(whereStage, wherePage)] },
      { title: { en: 'Why', zh: '为什么' }, charts: [...present(whyCause), FACTORS_CHART, BREAKDOWN_CHART] },
      { title: { en: 'Time and patience', zh: '时间与耐心' }, charts: TIME_CHARTS },
      { title: { en: 'Friction', zh: '阻力' }, charts: FRICTION_CHARTS },
      { title: { en: 'People we lost', zh: '流失的用户' }, charts: present(latestLost) },
      { title: { en: 'Can the figures be trusted?', zh: '数据可信吗？' }, charts: DATA_QUALITY_CHARTS },
    ],
  },
  {
    name: 'idv-operations',
    title: { en: 'Operations', zh: '运行状况' },
    description: {
      en: 'Whether every transaction is asked about in time, and whether anything is missing.',
      zh: '每笔认证是否按时查询，是否有遗漏。',
    },
    sections: [
      { title: { en: 'Is anything missing?', zh: '有遗漏吗？' }, charts: LEDGER_CHARTS },
      { title: { en: 'The sweep', zh: '扫描' }, charts: SWEEP_CHARTS },
    ],
  },
];
