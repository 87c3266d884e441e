import { AssignerProtocol } from 'kafkajs';

/** Partitions by topic. */
export type Assignment = Readonly<Record<string, readonly number[]>>;

/** What the bytes in a group's description say. Empty for a member that has none yet, which kafkajs' decoder does not expect. */
export const decodeAssignment = (bytes: Buffer): Assignment =>
  bytes.length === 0 ? {} : (AssignerProtocol.MemberAssignment.decode(bytes)?.assignment ?? {});
