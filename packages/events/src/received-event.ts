import type { PipelineEvent } from './schemas.ts';

/** An event as a consumer decoded it, with the place of the record that carried it. */
export interface ReceivedEvent {
  readonly event: PipelineEvent;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}
