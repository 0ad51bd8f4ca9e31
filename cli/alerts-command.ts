import { Command } from 'commander';
import { Alerts } from '../alerts/alerts.ts';
import { send } from '../alerts/receivers.ts';
import { evaluate, openEvaluation } from '../alerts/rules.ts';
import type { Delivery } from '../alerts/state.ts';
import type { Config } from '../core/config.ts';
import { exitCodes, KeymeterError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import { openFlagged, withEngineFlags, type EngineFlags } from './engine-flag.ts';
import { loadConfig, withConfigFlags, type ConfigFlags } from './load-config.ts';

/** `keymeter alerts`: what the rules say now, and whether the receivers take a message. */
export function alertsCommand(): Command {
  const alerts = new Command('alerts');
  withConfigFlags(withEngineFlags(alerts.command('dry-run')))
    .description('print the situations that the rules find now; nothing is sent or noted')
    .addHelpText(
      'after',
      '\nExample:\n  keymeter alerts dry-run --db kms.duckdb --config keymeter.json',
    )
    .action(async (flags: EngineFlags & ConfigFlags) => {
      const config = await loadConfig(flags);
      wanted(config);
      const engine = await openFlagged(flags);
      try {
        const evaluation = await openEvaluation({ engine, config }, new Date());
        for (const rule of config.alerts.rules) {
          const found = await evaluate(rule, evaluation);
          process.stdout.write(`${printable(rule.name)}: ${found.length === 0 ? 'nothing' : ''}\n`);
          for (const { severity, summary, id } of found) {
            process.stdout.write(`  ${severity}: ${printable(summary)} [${id}]\n`);
          }
        }
      } finally {
        engine.close();
      }
    });
  withConfigFlags(alerts.command('test'))
    .description('send a test message to every receiver, or to those named')
    .option('--receiver <name...>', 'only these receivers')
    .addHelpText(
      'after',
      '\nExample:\n  keymeter alerts test --config keymeter.json --receiver on-call',
    )
    .action(async (flags: ConfigFlags & { receiver?: string[] }) => {
      const config = await loadConfig(flags);
      wanted(config);
      const chosen = config.alerts.receivers.filter(
        ({ name }) => flags.receiver?.includes(name) ?? true,
      );
      let failed = 0;
      for (const receiver of chosen) {
        const outcome = await send(receiver, testDelivery(receiver.name));
        if (!outcome.done) failed++;
        const said = outcome.done ? 'taken' : `not taken: ${outcome.reason}`;
        process.stdout.write(`${printable(receiver.name)} (${receiver.kind}): ${said}\n`);
      }
      process.exitCode = failed === 0 ? exitCodes.done : exitCodes.partial;
    });
  return alerts;
}

function wanted(config: Config): void {
  if (Alerts.isWanted(config.alerts)) return;
  throw new KeymeterError('alerts_missing', 'the configuration has no alerts', {
    fix: 'name a file with --config whose "alerts" has rules and receivers (docs/alerts.md)',
    exitCode: exitCodes.usage,
  });
}

function testDelivery(receiver: string): Delivery {
  const at = new Date();
  return {
    id: `test-${at.getTime()}`,
    receiver,
    status: 'firing',
    attempts: 0,
    next_at: 0,
    made_at: at.getTime(),
    message: {
      title: 'Test: keymeter',
      text: 'This is a test of keymeter. No alert is firing.',
      severity: 'info',
      fields: { receiver },
      link: null,
      at: at.toISOString(),
      html: null,
    },
  };
}
