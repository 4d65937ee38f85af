import { describe, expect, it, jest } from '@jest/globals';
import type { DashboardDefinition } from '../../../../shared/charts/chart.ts';
import { DASHBOARDS } from '../../../../shared/charts/dashboards.ts';
import { WHERE_AND_WHY_CHARTS } from '../../../../shared/charts/where-and-why.ts';

/** Section title to the ids of its charts. */
function placesOf(dashboards: readonly DashboardDefinition[]): Record<string, string[]> {
  return Object.fromEntries(
    dashboards.flatMap(({ sections }) =>
      sections.map(({ title, charts }) => [title.en, charts.map(({ id }) => id)] as const),
    ),
  );
}

describe('the sections of the dashboards', () => {
  it('hold the charts that belong there', () => {
    expect(placesOf(DASHBOARDS)).toMatchObject({
      Where: ['funnel', 'funnel-by-solution', 'where-stage', 'where-page'],
      Why: ['why-cause', 'factors', 'breakdown'],
      'People we lost': ['latest-lost'],
    });
  });

  it.each([0, 1, 2, 3])('stay the same when a chart is inserted at place %i', async (place) => {
    const inserted = { ...WHERE_AND_WHY_CHARTS[0], id: 'inserted', section: 'why' };
    jest.resetModules();
    jest.unstable_mockModule('../../../../shared/charts/where-and-why.ts', () => ({
      WHERE_AND_WHY_CHARTS: [
        ...WHERE_AND_WHY_CHARTS.slice(0, place),
        inserted,
        ...WHERE_AND_WHY_CHARTS.slice(place),
      ],
    }));
    const after = placesOf((await import('../../../../shared/charts/dashboards.ts')).DASHBOARDS);
    expect(after['Why']).toContain('inserted');
    for (const ids of Object.values(after)) {
      if (ids.includes('inserted')) ids.splice(ids.indexOf('inserted'), 1);
    }
    expect(after).toEqual(placesOf(DASHBOARDS));
  });
});
