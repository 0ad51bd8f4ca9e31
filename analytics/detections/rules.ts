import type { Detection } from './detection.ts';
import keyDestruction from './key-destruction.ts';
import lockOutPolicy from './lock-out-policy.ts';
import outsideGrant from './outside-grant.ts';
import importedMaterial from './imported-material.ts';
import foreignKeyEncryption from './foreign-key-encryption.ts';
import massDecrypt from './mass-decrypt.ts';
import directDecrypt from './direct-decrypt.ts';
import firstUse from './first-use.ts';
import rootUse from './root-use.ts';
import reconnaissance from './reconnaissance.ts';
import replicationAndRedirection from './replication-and-redirection.ts';
import blindness from './blindness.ts';
import snapshotTheft from './snapshot-theft.ts';

/** All rules, in the order of their ids. */
export const rules: readonly Detection[] = [
  keyDestruction,
  lockOutPolicy,
  outsideGrant,
  importedMaterial,
  foreignKeyEncryption,
  massDecrypt,
  directDecrypt,
  firstUse,
  rootUse,
  reconnaissance,
  replicationAndRedirection,
  blindness,
  snapshotTheft,
];
