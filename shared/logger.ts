/**
 * Writes one JSON object per line to standard output. FC prefixes console output, which would break the JSON, so lines
 * are written directly and carry the request id as a field. Never pass transaction content, label values or
 * credentials: fields are written as they are.
 */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type LogFields = Readonly<Record<string, string | number | boolean | null | undefined | object>>;

export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

interface LoggerOptions {
  level: LogLevel;
  /** Added to every line, for instance the request id. */
  fields?: LogFields;
  write?: (line: string) => void;
  now?: () => number;
}

export function createLogger({ level, fields, write, now = Date.now }: LoggerOptions): Logger {
  const lowest = LOG_LEVELS.indexOf(level);
  const put = write ?? ((line: string) => void process.stdout.write(line));
  const at = (lineLevel: LogLevel) => (event: string, more?: LogFields) => {
    if (LOG_LEVELS.indexOf(lineLevel) < lowest) return;
    put(
      `${JSON.stringify({ time: new Date(now()).toISOString(), level: lineLevel, event, ...fields, ...more })}\n`,
    );
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
