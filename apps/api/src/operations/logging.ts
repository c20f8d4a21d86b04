import type { Writable } from 'node:stream';
import type { LoggerService } from '@nestjs/common';
import { type Level, type Logger as Pino, pino } from 'pino';
import { currentCorrelation } from '@app/http';
import type { Settings } from './settings.js';

/** What the framework says of its own start is of no use to operators. */
const FRAMEWORK_CHATTER = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/**
 * One JSON object a line: `level`, `time`, `process`, `message`, and within a request its `correlationId`. No line holds a
 * token, a body, or who somebody is. Goes to standard output unless told otherwise.
 */
export async function openLog(
  { role, logLevel, logFormat }: Pick<Settings, 'role' | 'logLevel' | 'logFormat'>,
  destination?: Writable,
): Promise<Pino> {
  const options = {
    level: logLevel,
    base: { process: role },
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: correlated,
  };
  if (logFormat === 'json') return pino(options, destination ?? pino.destination({ sync: true }));
  const { default: pretty } = await import('pino-pretty');
  const forPeople = { messageKey: 'message', ignore: 'process', translateTime: 'SYS:HH:MM:ss', singleLine: true };
  return pino(options, pretty({ ...forPeople, sync: true, ...(destination !== undefined && { destination }) }));
}

function correlated(): object {
  const correlationId = currentCorrelation();
  return correlationId === undefined ? {} : { correlationId };
}

/** The log as the framework's loggers write to it: a message, whatever else, and last the context it comes from. */
export class FrameworkLog implements LoggerService {
  constructor(private readonly log_: Pino) {}

  log(message: unknown, ...rest: readonly unknown[]): void {
    this.write(FRAMEWORK_CHATTER.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }

  warn(message: unknown, ...rest: readonly unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: readonly unknown[]): void {
    this.write('error', message, rest);
  }

  fatal(message: unknown, ...rest: readonly unknown[]): void {
    this.write('fatal', message, rest);
  }

  debug(message: unknown, ...rest: readonly unknown[]): void {
    this.write('debug', message, rest);
  }

  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const context = rest.at(-1);
    const details = rest.slice(0, -1).filter((one) => one !== undefined);
    this.log_[level](
      {
        ...(typeof context === 'string' && { context }),
        ...(details.length > 0 && { details }),
        ...(message instanceof Error && { err: message }),
      },
      message instanceof Error ? message.message : typeof message === 'string' ? message : JSON.stringify(message),
    );
  }
}
