import type { Handler } from '@order-pipeline/kafka';
import { stepOf } from './step.ts';
import type { StepRepository } from './step-repository.ts';

/** Stores each event as a step; no outcome follows. */
export const createStepHandler =
  ({ append }: Pick<StepRepository, 'append'>): Handler =>
  async (events) => {
    const now = new Date();
    await append(events.map((received) => stepOf(received, now)));
    return [];
  };
