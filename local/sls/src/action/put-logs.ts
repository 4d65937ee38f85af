import { SlsError } from '../envelope/error.ts';
import { checkLogGroup } from '../storage/log-group.ts';
import { parseKey } from '../storage/shard.ts';
import { type Action, type ActionContext, nowSeconds, requireLogstore } from './action.ts';

/** Stores a log group whole or not at all; the answer is sent once the operating system has the bytes. */
function putLogs(context: ActionContext) {
  const { request, body } = context;
  const contentType = request.headers.get('content-type') ?? '';
  if (body.length > 0 && !contentType.startsWith('application/x-protobuf')) {
    throw new SlsError('InvalidContentType', `Content-Type ${contentType} is unsupported.`);
  }
  const logstore = requireLogstore(context);
  const shard = logstore.shardForWrite(routeKey(context));
  const { rowCount } = checkLogGroup(body, nowSeconds(context));
  context.quotas.takeWrite({
    project: logstore.project,
    shard: `${logstore.project}/${logstore.name}/${shard.id}`,
    bytes: body.length,
  });
  if (rowCount > 0) logstore.append(shard, { body, rowCount, clientIp: request.clientIp });
  return {};
}

function routeKey(context: ActionContext): string | undefined {
  if (context.params.mode === undefined || context.params.mode === 'lb') return undefined;
  const key = parseKey(context.request.query.get('key') ?? '');
  if (key === undefined) {
    throw new SlsError('ParameterInvalid', 'Parameter key must be an MD5 value of 32 hexadecimal digits.');
  }
  return key;
}

function putLogsBalanced(context: ActionContext) {
  return putLogs({ ...context, params: { ...context.params, mode: 'lb' } });
}

function putLogsRouted(context: ActionContext) {
  return putLogs({ ...context, params: { ...context.params, mode: 'route' } });
}

export const PUT_LOGS_ACTIONS: readonly Action[] = [
  { name: 'PutLogs', method: 'POST', path: '/logstores/:logstore/shards/lb', run: putLogsBalanced },
  { name: 'PutLogs', method: 'POST', path: '/logstores/:logstore/shards/route', run: putLogsRouted },
  { name: 'PutLogs', method: 'POST', path: '/logstores/:logstore', run: putLogsBalanced },
];
