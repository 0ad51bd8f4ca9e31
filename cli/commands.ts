import type { Command } from 'commander';

/** A command as the list of commands shows it. */
export interface CommandEntry {
  name: string;
  description: string;
  hidden?: boolean;
  /** Loads its module: commands that are not called stay unloaded. */
  load: (call: Call) => Promise<Command>;
}

/** What a command may need to know to be made. */
interface Call {
  /** The words that follow its name; all that can follow is made when there are none. */
  words: readonly string[];
  /** The program with all of its commands. */
  wholeProgram: () => Promise<Command>;
}

/** Every command, in the order of the help. */
export const commandEntries: readonly CommandEntry[] = [
  {
    name: 'up',
    description: 'ingest, report, then serve API and pages; without a source: the demo trail',
    load: async () => (await import('./up-command.ts')).upCommand(),
  },
  {
    name: 'ingest',
    description: 'read CloudTrail logs into a database; a second run reads only what is new',
    load: async () => (await import('./ingest-command.ts')).ingestCommand(),
  },
  {
    name: 'serve',
    description: 'serve the API and the pages over a database',
    load: async () => (await import('./serve.ts')).serveCommand(),
  },
  {
    name: 'report',
    description: 'write a report: overview, finops, capacity or security',
    load: async () => (await import('./report-command.ts')).reportCommand(),
  },
  {
    name: 'run',
    description: 'answer a question; `keymeter run --help` lists them',
    load: async ({ words }) => (await import('./run-command.ts')).runCommand(words[0]),
  },
  {
    name: 'coverage',
    description: 'what was ingested, for which account, Region and day, and where the holes are',
    load: async () => (await import('./run-command.ts')).coverageCommand(),
  },
  {
    name: 'raw',
    description: "print an event's original record, read again from the trail and checked",
    load: async () => (await import('./raw-command.ts')).rawCommand(),
  },
  {
    name: 'sql',
    description:
      'run a read-only query on kms_events, calls_per_second, quota_charges, ingest_objects',
    load: async () => (await import('./sql-command.ts')).sqlCommand(),
  },
  {
    name: 'lake',
    description: 'write Parquet from many machines: plan, write, add, settle, tables',
    load: async () => (await import('./lake-command.ts')).lakeCommand(),
  },
  {
    name: 'export',
    description: 'write a whole relation as Parquet, CSV or NDJSON',
    load: async () => (await import('./export-command.ts')).exportCommand(),
  },
  {
    name: 'manifest',
    description: 'write an S3 Batch Operations manifest of the objects whose rewrite pays',
    load: async () => (await import('./manifest-command.ts')).manifestCommand(),
  },
  {
    name: 'verify',
    description: 'check CloudTrail digests and log files: signatures, hashes, gaps',
    load: async () => (await import('./verify-command.ts')).verifyCommand(),
  },
  {
    name: 'rederive',
    description: 'derive stored rows again by the rules of this keymeter, without the trail',
    load: async () => (await import('./rederive-command.ts')).rederiveCommand(),
  },
  {
    name: 'keys',
    description: 'the keys of an account, for key-cost',
    load: async () => (await import('./keys-command.ts')).keysCommand(),
  },
  {
    name: 'alerts',
    description: 'what the alert rules say now, and whether receivers take a message',
    load: async () => (await import('./alerts-command.ts')).alertsCommand(),
  },
  {
    name: 'names',
    description: 'names and tags of accounts and keys, to show in place of ids',
    load: async () => (await import('./names-command.ts')).namesCommand(),
  },
  {
    name: 'quotas',
    description: 'applied KMS request quotas: read them from AWS or a file, show which value holds',
    load: async () => (await import('./quotas-command.ts')).quotasCommand(),
  },
  {
    name: 'doctor',
    description: 'check versions, disk, configuration, database, and access to sources',
    load: async () => (await import('./doctor-command.ts')).doctorCommand(),
  },
  {
    name: 'demo',
    description:
      'write the demo trail: a CloudTrail bucket with planted situations and their truth',
    load: async () => (await import('./demo-command.ts')).demoCommand(),
  },
  {
    name: 'completion',
    description: 'print the completion for a shell',
    load: async ({ wholeProgram }) =>
      (await import('./completion-command.ts')).completionCommand(wholeProgram),
  },
  {
    name: 'docs',
    description: 'write the pages that are made from the analyses (for the repository)',
    hidden: true,
    load: async () => (await import('./docs-command.ts')).docsCommand(),
  },
];
