import type { DashboardDefinition } from './chart.ts';
import { FRICTION } from './friction.ts';
import { GLANCE } from './glance.ts';
import { LEDGER, SWEEP } from './operations.ts';
import { QUALITY } from './quality.ts';
import { TIME } from './time-spent.ts';
import { WHERE } from './where-they-leave.ts';
import { LOST, WHY } from './why-they-leave.ts';

/** A chart stands in the file of its section, in the order in which it is shown. */
export const DASHBOARDS: readonly DashboardDefinition[] = [
  {
    name: 'idv-drop-off',
    title: { en: 'Drop-off', zh: '流失分析' },
    description: {
      en: 'Where and why people leave identity verification. Each transaction counts once; what still waits for its answer is left out.',
      zh: '用户在身份认证的哪里离开、为什么离开。每笔认证只计一次；尚未获得结果的不计入。',
    },
    sections: [GLANCE, WHERE, WHY, TIME, FRICTION, LOST, QUALITY],
  },
  {
    name: 'idv-operations',
    title: { en: 'Operations', zh: '运行状况' },
    description: {
      en: 'Whether every transaction is asked about in time, and whether anything is missing.',
      zh: '每笔认证是否按时查询，是否有遗漏。',
    },
    sections: [LEDGER, SWEEP],
  },
];

export const CHARTS = DASHBOARDS.flatMap(({ sections }) => sections.flatMap(({ charts }) => charts));
