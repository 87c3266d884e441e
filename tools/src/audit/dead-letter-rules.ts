import { subjectOf } from '@order-pipeline/kafka';
import type { Rule } from './rule.ts';

export const deadLetterRules: readonly Rule[] = [
  {
    id: 'dead-letters-are-resolved',
    sentence: 'Every dead letter was redriven or discarded.',
    checks: [
      {
        over: 'deadLetters',
        check: async (page, { isResolved }) =>
          page
            .filter((deadLetter) => !isResolved(deadLetter))
            .map((deadLetter) => ({
              item: deadLetter,
              subject: subjectOf(deadLetter) ?? deadLetter.id,
              detail: `is neither redriven nor discarded; npm run dlq -- show ${deadLetter.id}`,
            })),
      },
    ],
  },
];
