import type { Admin, Kafka } from 'kafkajs';
import { kafkaOutage } from '../kafka-outage.ts';

/** Kafka's admin client for occasional requests: connected when first asked, and again after a failure. */
export interface OnDemandAdmin {
  /** Rejects with an OutageError. */
  ask<T>(question: (admin: Admin) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export function createOnDemandAdmin(kafka: Kafka): OnDemandAdmin {
  let connected: Promise<Admin> | undefined;
  const connect = async (): Promise<Admin> => {
    const admin = kafka.admin();
    await admin.connect();
    return admin;
  };
  const disconnect = async (): Promise<void> => {
    const last = connected;
    connected = undefined;
    await last?.then((admin) => admin.disconnect()).catch(() => undefined);
  };
  return {
    async ask(question) {
      connected ??= connect();
      try {
        return await question(await connected);
      } catch (error) {
        await disconnect();
        throw kafkaOutage(error);
      }
    },
    stop: disconnect,
  };
}
