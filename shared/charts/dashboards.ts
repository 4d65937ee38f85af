import type { Chart, DashboardDefinition, Section, SectionId, Text } from './chart.ts';
import { DATA_QUALITY_CHARTS } from './data-quality.ts';
import { BREAKDOWN_CHART, FACTORS_CHART, FRICTION_CHARTS } from './friction.ts';
import { FUNNEL_CHARTS, TREND_CHART } from './funnel.ts';
import { HEADLINE_CHARTS } from './headline.ts';
import { LEDGER_CHARTS, SWEEP_CHARTS } from './operations.ts';
import { TIME_CHARTS } from './time-spent.ts';
import { WHERE_AND_WHY_CHARTS } from './where-and-why.ts';

const CHARTS: readonly Chart[] = [
  ...HEADLINE_CHARTS,
  TREND_CHART,
  ...FUNNEL_CHARTS,
  ...WHERE_AND_WHY_CHARTS,
  FACTORS_CHART,
  BREAKDOWN_CHART,
  ...TIME_CHARTS,
  ...FRICTION_CHARTS,
  ...DATA_QUALITY_CHARTS,
  ...LEDGER_CHARTS,
  ...SWEEP_CHARTS,
];

type DashboardName = 'idv-drop-off' | 'idv-operations';

/** In the order in which they are shown. A chart names its section itself. */
const SECTIONS: Readonly<Record<SectionId, { readonly dashboard: DashboardName; readonly title: Text }>> = {
  glance: { dashboard: 'idv-drop-off', title: { en: 'At a glance', zh: '概览' } },
  where: { dashboard: 'idv-drop-off', title: { en: 'Where', zh: '在哪里' } },
  why: { dashboard: 'idv-drop-off', title: { en: 'Why', zh: '为什么' } },
  time: { dashboard: 'idv-drop-off', title: { en: 'Time and patience', zh: '时间与耐心' } },
  friction: { dashboard: 'idv-drop-off', title: { en: 'Friction', zh: '阻力' } },
  lost: { dashboard: 'idv-drop-off', title: { en: 'People we lost', zh: '流失的用户' } },
  quality: {
    dashboard: 'idv-drop-off',
    title: { en: 'Can the figures be trusted?', zh: '数据可信吗？' },
  },
  ledger: { dashboard: 'idv-operations', title: { en: 'Is anything missing?', zh: '有遗漏吗？' } },
  sweep: { dashboard: 'idv-operations', title: { en: 'The sweep', zh: '扫描' } },
};

function sectionsOf(name: DashboardName): Section[] {
  return (Object.keys(SECTIONS) as SectionId[])
    .filter((id) => SECTIONS[id].dashboard === name)
    .map((id) => ({ id, title: SECTIONS[id].title, charts: CHARTS.filter(({ section }) => section === id) }));
}

export const DASHBOARDS: readonly DashboardDefinition[] = [
  {
    name: 'idv-drop-off',
    title: { en: 'Drop-off', zh: '流失分析' },
    description: {
      en: 'Where and why people leave identity verification. Each transaction counts once; what still waits for its answer is left out.',
      zh: '用户在身份认证的哪里离开、为什么离开。每笔认证只计一次；尚未获得结果的不计入。',
    },
    sections: sectionsOf('idv-drop-off'),
  },
  {
    name: 'idv-operations',
    title: { en: 'Operations', zh: '运行状况' },
    description: {
      en: 'Whether every transaction is asked about in time, and whether anything is missing.',
      zh: '每笔认证是否按时查询，是否有遗漏。',
    },
    sections: sectionsOf('idv-operations'),
  },
];
