import type { Command } from 'commander';
import type { SourceOptions } from '../ingest/sources/source.ts';

export interface S3Flags {
  s3Region?: string;
  endpoint?: string;
  pathStyle?: boolean;
  anonymous?: boolean;
  requesterPays?: boolean;
  profile?: string;
}

/** Options of every command that reads a bucket. */
export function withS3Flags(command: Command): Command {
  return command
    .option('--s3-region <region>', "the bucket's Region")
    .option('--endpoint <url>', 'S3 endpoint, for S3-compatible servers')
    .option('--path-style', 'address buckets by path')
    .option('--anonymous', 'read a public bucket without credentials')
    .option('--requester-pays', 'you pay for the requests to a bucket that is set up so')
    .option('--profile <name>', 'profile of the AWS configuration');
}

export function sourceOptions(flags: S3Flags): SourceOptions {
  return {
    region: flags.s3Region,
    endpoint: flags.endpoint,
    pathStyle: flags.pathStyle,
    anonymous: flags.anonymous,
    requesterPays: flags.requesterPays,
    profile: flags.profile,
  };
}
