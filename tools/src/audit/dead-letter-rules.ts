import { subjectOf } from '@order-pipeline/kafka';
import type { Rule } from './rule.ts';

export const deadLetterRules: readonly Rule[] = [
  {
    id: 'dead-letters-are-resolved',
    sentence: 'Every dead letter was redriven or discarded.',
    checks: [
      {
        over: 'letters',
        check: async (page, { isResolved }) =>
          page
            .filter((letter) => !isResolved(letter))
            .map((letter) => ({
              item: letter,
              subject: subjectOf(letter) ?? letter.id,
              detail: `waits for a decision; npm run dlq -- show ${letter.id}`,
            })),
      },
    ],
  },
];
