import type { JSX } from 'preact';
import type { DeadLetter } from '../../src/views.ts';
import { DeadLetterRow } from './dead-letter-row.tsx';

export function DeadLetterTable(props: {
  items: readonly DeadLetter[];
  selected: ReadonlySet<string>;
  onSelect: (ids: ReadonlySet<string>) => void;
}): JSX.Element {
  const { items, selected, onSelect } = props;
  const unresolved = items.filter(({ resolution }) => !resolution).map(({ id }) => id);
  const allSelected = unresolved.length > 0 && unresolved.every((id) => selected.has(id));
  const select = (id: string, isSelected: boolean): void => {
    const others = [...selected].filter((other) => other !== id);
    onSelect(new Set(isSelected ? [...others, id] : others));
  };
  return (
    <table class="dead-letters">
      <thead>
        <tr>
          <th scope="col">
            <input
              type="checkbox"
              aria-label="Select all"
              checked={allSelected}
              disabled={unresolved.length === 0}
              onChange={() => onSelect(new Set(allSelected ? [] : unresolved))}
            />
          </th>
          <th scope="col">Dead-lettered</th>
          <th scope="col">Group and topic</th>
          <th scope="col">Error</th>
        </tr>
      </thead>
      {items.map((deadLetter) => (
        <DeadLetterRow
          key={deadLetter.id}
          deadLetter={deadLetter}
          selected={selected.has(deadLetter.id)}
          onSelect={(isSelected) => select(deadLetter.id, isSelected)}
        />
      ))}
    </table>
  );
}
