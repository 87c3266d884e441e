/** A document store without a database, for tests: as the port says, a write counts only if nobody wrote before. */
import { changedFields, type DocumentStore, type Versioned } from '../src/versioned-documents.ts';

export interface StoreInMemory<Doc extends Versioned> extends DocumentStore<Doc> {
  readonly documents: Map<string, Doc>;
  /** What was asked of it, in order. */
  readonly calls: { readonly operation: 'load' | 'save'; readonly ids: readonly string[] }[];
  /** Runs before the next save, as another replica might: what it writes is a race that the save loses. */
  beforeSave(interfere: (documents: Map<string, Doc>) => void): void;
}

export function storeInMemory<Doc extends Versioned>(initial: readonly Doc[] = []): StoreInMemory<Doc> {
  const documents = new Map(initial.map((document) => [document._id, document]));
  const calls: StoreInMemory<Doc>['calls'] = [];
  const interferences: ((documents: Map<string, Doc>) => void)[] = [];
  return {
    documents,
    calls,
    beforeSave: (interfere) => void interferences.push(interfere),
    async load(ids) {
      calls.push({ operation: 'load', ids: [...ids] });
      return new Map(ids.flatMap((id) => (documents.has(id) ? [[id, documents.get(id)!] as const] : [])));
    },
    async save(changes) {
      calls.push({ operation: 'save', ids: changes.map(({ after }) => after._id) });
      interferences.shift()?.(documents);
      const lost = new Set<string>();
      for (const { before, after } of changes) {
        const standing = documents.get(after._id);
        if ((standing?.version ?? 0) !== after.version) lost.add(after._id);
        else
          documents.set(after._id, {
            ...standing,
            _id: after._id,
            ...changedFields(before, after),
            version: after.version + 1,
          } as Doc);
      }
      return lost;
    },
  };
}
