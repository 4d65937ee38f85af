import { collectDocuments } from './documents.ts';
import { LOGSTORES } from './logstores.ts';

/** Where to click: pages of the international console. */
export interface ConsoleLinks {
  readonly dashboards: Readonly<Record<string, string>>;
  readonly logstores: Readonly<Record<string, string>>;
  readonly functions: Readonly<Record<string, string>>;
}

const SLS_CONSOLE = 'https://sls.console.alibabacloud.com/lognext/project';
const FC_CONSOLE = 'https://fcnext.console.alibabacloud.com';

export function consoleLinks(target: {
  region: string;
  project: string;
  functions: readonly string[];
}): ConsoleLinks {
  const { region, project, functions } = target;
  const named = (names: readonly string[], link: (name: string) => string) =>
    Object.fromEntries(names.map((name) => [name, link(name)]));
  const { dashboards } = collectDocuments({ project, region });
  return {
    dashboards: named(
      dashboards.map(({ dashboardName }) => dashboardName),
      (name) => `${SLS_CONSOLE}/${project}/dashboard/${name}`,
    ),
    logstores: named(
      LOGSTORES.map(({ name }) => name),
      (name) => `${SLS_CONSOLE}/${project}/logsearch/${name}`,
    ),
    functions: named(functions, (name) => `${FC_CONSOLE}/${region}/functions/${name}`),
  };
}
