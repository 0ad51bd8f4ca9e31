import { Command, Option } from 'commander';
import { printable } from '../core/printable.ts';
import { placeOfEvent } from '../ingest/raw-record.ts';
import { openFlagged, withEngineFlags, type EngineFlags } from './engine-flag.ts';
import { locationOf, readRaw } from './raw-reader.ts';
import { withS3Flags, type S3Flags } from './s3-flags.ts';
import { usageError } from './usage-error.ts';

interface RawFlags extends S3Flags, EngineFlags {
  format: 'record' | 'json';
  unmasked?: boolean;
}

/** `keymeter raw`: the record as the trail delivered it, proven by the ledger's hash. */
export function rawCommand(): Command {
  const command = new Command('raw')
    .argument('<event_id>', 'eventID, as rows of the analyses give it')
    .addOption(
      new Option('--format <format>', 'record: its JSON text; json: with its place and hash')
        .choices(['record', 'json'])
        .default('record'),
    )
    .option('--unmasked', 'show session tokens and secret keys, which are stars otherwise');
  return withS3Flags(withEngineFlags(command))
    .addHelpText(
      'after',
      '\nExample:\n  keymeter raw 0034eb87-8dea-4b4a-a28e-132e77f195e6 --db kms.duckdb --format json',
    )
    .action(async (event_id: string, flags: RawFlags) => {
      const engine = await openFlagged(flags);
      try {
        const place = await placeOfEvent(engine, event_id);
        if (!place) {
          throw usageError(
            'event_unknown',
            `no event ${event_id} is stored`,
            'take event_id from a row of an analysis, such as `keymeter run key-timeline --key ARN`',
          );
        }
        const raw = await readRaw(place.entry, place.record_index, flags);
        const { object_id } = place.entry;
        process.stderr.write(
          `${printable(locationOf(place.entry))}, record ${place.record_index}\n`,
        );
        process.stdout.write(
          flags.format === 'json'
            ? `${JSON.stringify({
                location: locationOf(place.entry),
                object_id,
                record_index: place.record_index,
                sha256: raw.sha256,
                matches_ledger: raw.matches,
                exact: raw.exact,
                record: JSON.parse(raw.json) as unknown,
              })}\n`
            : `${process.stdout.isTTY ? printable(raw.json) : raw.json}\n`,
        );
      } finally {
        engine.close();
      }
    });
}
