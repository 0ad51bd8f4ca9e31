import pino, { type Logger } from 'pino';

/** The server's log: JSON lines on stderr, so that stdout stays for results. */
export function openLog(level: string = process.env['KEYMETER_LOG'] ?? 'warn'): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
}
